"""A light client of `POST /v1/chat`: raw sockets, so that the client is not what is measured."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass(slots=True)
class Stream:
    """What one stream was seen to do; times are seconds of the monotonic clock."""

    started: float = 0.0
    first_token: float = 0.0
    finished: float = 0.0
    tokens: int = 0
    status: str = ""
    delays: list[float] = field(default_factory=list)


async def chat_lines(
    host: str, port: int, path: str, key: str, body: bytes
) -> AsyncIterator[bytes]:
    """The lines of a streamed answer."""
    reader, writer = await asyncio.open_connection(host, port, limit=2**22)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)
    try:
        while line := await reader.readline():
            yield line
    finally:
        writer.close()


async def watch_chat(host: str, port: int, key: str, **question: Any) -> Stream:
    """Ask with `stream` and read to the end; tokens that carry their send time are timed."""
    body = orjson.dumps({"stream": True, **question})
    stream = Stream(started=time.monotonic())
    kind = b""
    async for line in chat_lines(host, port, "/v1/chat", key, body):
        if line.startswith(b"event: "):
            kind = line[7:].strip()
        elif line.startswith(b"data: "):
            take(stream, kind, line[6:])
        elif not stream.status and line.startswith(b"HTTP/") and b" 200" not in line:
            raise RuntimeError(line.decode().strip())
    if not stream.finished:
        raise RuntimeError("the stream ended without `done`")
    return stream


def take(stream: Stream, kind: bytes, data: bytes) -> None:
    """Count one event."""
    now = time.monotonic()
    if kind == b"token":
        stream.first_token = stream.first_token or now
        pieces = orjson.loads(data)["text"].split()
        stream.tokens += len(pieces)
        stamps = [piece[1:] for piece in pieces if piece[0] == "t" and piece[1:].isdigit()]
        stream.delays += [now - int(stamp) / 1e9 for stamp in stamps]
    elif kind == b"done":
        stream.finished = now
        stream.status = orjson.loads(data)["status"]


async def time_to_first_chunk(host: str, port: int, body: bytes) -> float:
    """Seconds to the first token when the model server is asked directly."""
    start = time.monotonic()
    async for line in chat_lines(host, port, "/v1/chat/completions", "none", body):
        if b'"content"' in line and b"data:" in line and b'"content":""' not in line:
            return time.monotonic() - start
    raise RuntimeError("the model double sent no token")
