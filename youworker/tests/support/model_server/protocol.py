"""HTTP/1.1 by hand: small enough to send tens of thousands of chunks a second."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import orjson

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@dataclass(frozen=True)
class Incoming:
    """One complete request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    """Method, path and headers (names in lower case)."""
    first, *rest = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {}
    for line in rest:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return method, target.split("?", 1)[0], headers


class HttpConnection(asyncio.Protocol):
    """One connection: reads requests one after the other and writes what the handler says."""

    def __init__(self, handler: Callable[[HttpConnection, Incoming], Awaitable[None]]) -> None:
        self.handler = handler
        self.buffer = bytearray()
        self.transport: asyncio.Transport = cast("asyncio.Transport", None)
        self.task: asyncio.Task[None] | None = None
        self.writable = asyncio.Event()
        self.writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.writable.set()
        if self.task:
            self.task.cancel()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.task is None:
            self.take_request()

    def take_request(self) -> None:
        """Start the handler once a request is complete."""
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        method, path, headers = parse_head(bytes(self.buffer[:end]))
        whole = end + 4 + int(headers.get("content-length", "0"))
        if len(self.buffer) < whole:
            return
        body = bytes(self.buffer[end + 4 : whole])
        del self.buffer[:whole]
        incoming = Incoming(method, path, headers, body)
        self.task = asyncio.get_running_loop().create_task(self.answer(incoming))
        self.task.add_done_callback(self.answered)

    async def answer(self, incoming: Incoming) -> None:
        """Let the handler answer; `ConnectionAbortedError` is its wish to cut the connection."""
        try:
            await self.handler(self, incoming)
        except ConnectionAbortedError:
            self.transport.abort()

    def answered(self, task: asyncio.Task[None]) -> None:
        """Go on with the next request of the connection."""
        self.task = None
        if not task.cancelled() and (error := task.exception()):
            self.transport.abort()
            context = {"message": "The double failed.", "exception": error}
            task.get_loop().call_exception_handler(context)
        elif not self.transport.is_closing():
            self.take_request()

    async def drained(self) -> None:
        """Wait until the client has read enough, and let other connections write."""
        await asyncio.sleep(0)
        if not self.writable.is_set():
            await self.writable.wait()

    def begin_stream(self) -> None:
        """Send the head of a chunked event stream."""
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
            b"Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"
        )

    def end_stream(self) -> None:
        """Send the closing chunk."""
        self.transport.write(b"0\r\n\r\n")

    def send_json(self, document: Any, status: int = 200, **headers: str) -> None:
        """Send a whole JSON answer."""
        self.send_body(orjson.dumps(document), status, **headers)

    def send_body(self, body: bytes, status: int, **headers: str) -> None:
        """Send a whole answer."""
        lines = [
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        self.transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
