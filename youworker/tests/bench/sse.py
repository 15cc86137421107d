"""A light client of event streams: raw sockets, so that the client is not what is measured."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from youworker.tests.bench.raw import send_request

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from youworker.tests.bench.raw import Answer


@dataclass(slots=True)
class Stream:
    """What one stream was seen to do; times are seconds of the monotonic clock."""

    started: float = 0.0
    first_token: float = 0.0
    finished: float = 0.0
    tokens: int = 0
    status: str = ""
    delays: list[float] = field(default_factory=list)


async def read_events(answer: Answer) -> AsyncGenerator[tuple[int, bytes, bytes], None]:
    """Read number, type and data of each event; the sizes of chunks between them are skipped."""
    number, kind = 0, b""
    while line := await answer.reader.readline():
        if line.startswith(b"id: "):
            number = int(line[4:])
        elif line.startswith(b"event: "):
            kind = line[7:].strip()
        elif line.startswith(b"data: "):
            yield number, kind, line[6:]


async def watch_chat(host: str, port: int, key: str, **question: Any) -> Stream:
    """Ask with `stream` and read to the end; tokens that carry their send time are timed."""
    body = orjson.dumps({"stream": True, **question})
    stream = Stream(started=time.monotonic())
    headers = {"Authorization": f"Bearer {key}"}
    async with send_request((host, port), "/v1/chat", headers, body=body) as answer:
        if answer.status != 200:
            raise RuntimeError(f"the chat was answered with {answer.status}")
        async for _, kind, data in read_events(answer):
            take(stream, kind, data)
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
    async with send_request((host, port), "/v1/chat/completions", {}, body=body) as answer:
        while line := await answer.reader.readline():
            if b'"content"' in line and b"data:" in line and b'"content":""' not in line:
                return time.monotonic() - start
    raise RuntimeError("the model double sent no token")
