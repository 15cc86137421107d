"""HTTP over a bare socket, so that the client is not what is measured and can read slowly."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

# The longest line of an event stream: its last event carries the whole answer.
LONGEST_LINE = 2**22


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose head was read; the body is still to come."""

    status: int
    headers: dict[str, str]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


@asynccontextmanager
async def send_request(
    address: tuple[str, int],
    path: str,
    headers: Mapping[str, str],
    *,
    body: bytes | None = None,
    receive_buffer: int = 0,
) -> AsyncIterator[Answer]:
    """Send a request (`POST` when there is a body) and read the head of its answer.

    With `receive_buffer` the kernel takes about so many bytes before the sender has to wait.
    """
    reader, writer = await connect(address, receive_buffer)
    try:
        writer.write(head_of(address, path, headers, body) + (body or b""))
        status = (await reader.readline()).split(b" ", 2)
        if len(status) < 2:
            raise ConnectionResetError("the connection was closed without an answer")
        yield Answer(int(status[1]), await read_headers(reader), reader, writer)
    finally:
        # At once, also when the other end still writes.
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def connect(
    address: tuple[str, int], receive_buffer: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection."""
    if not receive_buffer:
        return await asyncio.open_connection(*address, limit=LONGEST_LINE)
    plain = socket.socket()
    plain.settimeout(0)
    # Before the connection exists: the size is agreed on with its first packet.
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    try:
        await asyncio.get_running_loop().sock_connect(plain, address)
    except BaseException:
        plain.close()
        raise
    return await asyncio.open_connection(sock=plain, limit=receive_buffer)


def head_of(
    address: tuple[str, int], path: str, headers: Mapping[str, str], body: bytes | None
) -> bytes:
    """The head of a request, as bytes."""
    method = "GET" if body is None else "POST"
    lines = [f"{method} {path} HTTP/1.1", "Host: {}:{}".format(*address)]
    everything = {"Connection": "close", **headers}
    if body is not None:
        everything |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines += [f"{name}: {value}" for name, value in everything.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def read_headers(reader: asyncio.StreamReader) -> dict[str, str]:
    """Read headers up to the empty line; names in lower case."""
    headers = {}
    while line := (await reader.readline()).decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers
