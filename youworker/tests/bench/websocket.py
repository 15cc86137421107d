"""A small WebSocket client (RFC 6455): text frames, pings and the closing handshake."""

from __future__ import annotations

import base64
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import orjson

from youworker.tests.bench.raw import send_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from youworker.tests.bench.raw import Answer

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
FINAL, MASKED = 0x80, 0x80
SWITCHING = 101
# Lengths up to 125 stand in the head itself; these say that two or eight bytes follow.
SHORT, LONG = 126, 127
TWO_BYTES = 2**16


class HandshakeRefused(Exception):
    """The server answered the handshake with another status than 101."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the handshake was answered with {status}")
        self.status = status


class Socket:
    """One open connection."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.close_code: int | None = None

    async def send(self, frame: dict[str, Any]) -> None:
        """Send a frame as JSON."""
        self.write(TEXT, orjson.dumps(frame))
        await self.answer.writer.drain()

    async def receive(self) -> dict[str, Any] | None:
        """Wait for the next JSON frame; None when the server closed, see `close_code`.

        Raises `asyncio.IncompleteReadError` when the connection breaks without a closing frame.
        """
        while True:
            kind, payload = await self.read()
            if kind == TEXT:
                frame: dict[str, Any] = orjson.loads(payload)
                return frame
            if kind == PING:
                self.write(PONG, payload)
            elif kind == CLOSE:
                self.close_code = int.from_bytes(payload[:2], "big")
                self.write(CLOSE, payload[:2])
                return None

    async def read(self) -> tuple[int, bytes]:
        """Read one frame: its kind and content. Servers neither mask nor split what we are sent."""
        first, length = await self.answer.reader.readexactly(2)
        if length >= SHORT:
            size = 8 if length == LONG else 2
            length = int.from_bytes(await self.answer.reader.readexactly(size), "big")
        return first & 0x0F, await self.answer.reader.readexactly(length)

    def write(self, kind: int, payload: bytes) -> None:
        """Write one frame, masked as clients have to."""
        size = len(payload)
        if size < SHORT:
            head = bytes([FINAL | kind, MASKED | size])
        elif size < TWO_BYTES:
            head = bytes([FINAL | kind, MASKED | SHORT]) + size.to_bytes(2, "big")
        else:
            head = bytes([FINAL | kind, MASKED | LONG]) + size.to_bytes(8, "big")
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        self.answer.writer.write(head + mask + masked)


@asynccontextmanager
async def open_socket(address: tuple[str, int], path: str, key: str) -> AsyncIterator[Socket]:
    """Open a WebSocket; leaving the context breaks the connection. Raises `HandshakeRefused`."""
    headers = {
        "Authorization": f"Bearer {key}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    async with send_request(address, path, headers) as answer:
        if answer.status != SWITCHING:
            raise HandshakeRefused(answer.status)
        yield Socket(answer)
