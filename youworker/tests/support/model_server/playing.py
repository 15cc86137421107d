"""Plays one turn over a connection, faults included."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from youworker.tests.support.model_server.chunks import (
    Chunks,
    call_deltas,
    event,
    framed,
    whole_answer,
)
from youworker.tests.support.model_server.state import Recorded, State, spoken

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from youworker.tests.support.model_server.protocol import HttpConnection
    from youworker.tests.support.model_server.turns import Turn

FOREVER = 3600.0
GARBAGE = (b": a comment\n\n", b"data: {broken\n\n", b"nonsense\n\n", b"data:\n\n", b"event: x\n\n")


async def play(connection: HttpConnection, request: Recorded, state: State) -> None:
    """Answer one chat completion as the script wants it."""
    turn = state.next_turn(request.body)
    if turn.hang == "headers":
        await asyncio.sleep(FOREVER)
    if state.is_refused(turn, request.body):
        refuse(connection, turn)
    elif turn.raw:
        await send_raw(connection, turn)
    elif turn.whole or not request.body.get("stream"):
        await asyncio.sleep(turn.first_ms / 1000)
        pieces = spoken(turn, request.body)
        model = str(request.body.get("model", ""))
        connection.send_json(whole_answer(turn, pieces, model, prompt_tokens(request.body)))
    else:
        with state.counted_stream():
            await stream(connection, request, turn, state)


def refuse(connection: HttpConnection, turn: Turn) -> None:
    """Answer with the scripted status."""
    extra = {"Retry_After": turn.retry_after} if turn.retry_after else {}
    error = {"message": turn.message, "type": "scripted", "code": turn.status}
    connection.send_json({"error": error}, turn.status, **extra)


async def send_raw(connection: HttpConnection, turn: Turn) -> None:
    """Send a body byte for byte; its end is the end of the connection."""
    named = f"Content-Type: {turn.content_type}\r\n" if turn.content_type else ""
    connection.transport.write(f"HTTP/1.1 200 OK\r\n{named}Connection: close\r\n\r\n".encode())
    size = 1 if turn.drip else len(turn.raw)
    for start in range(0, len(turn.raw), size):
        await asyncio.sleep(turn.drip)
        connection.transport.write(turn.raw[start : start + size])
        await connection.drained()
    connection.transport.close()


async def stream(connection: HttpConnection, request: Recorded, turn: Turn, state: State) -> None:
    """Send the turn as server-sent events, one token per chunk."""
    chunks = Chunks(str(request.body.get("model", "")))
    pieces = spoken(turn, request.body)
    connection.begin_stream()
    connection.transport.write(chunks.delta({"role": "assistant", "content": ""}))
    if turn.hang == "first":
        await asyncio.sleep(FOREVER)
    await asyncio.sleep(turn.first_ms / 1000)
    if turn.garbage:
        for line in GARBAGE:
            connection.transport.write(framed(line))
    for word in turn.reasoning.split():
        connection.transport.write(chunks.delta({turn.reasoning_field: f"{word} "}))
    async for _ in paced(turn.thoughts, turn.rate, connection, state):
        connection.transport.write(chunks.delta({turn.reasoning_field: "hm "}))
    pace = shared_pace if turn.shared else paced
    numbers = pace(len(pieces), turn.rate, connection, state)
    await send_tokens(connection, request, turn, chunks, pieces, numbers)
    send_tail(connection, request, turn, chunks)
    if turn.hang == "end":
        await asyncio.sleep(FOREVER)
    connection.end_stream()


async def send_tokens(
    connection: HttpConnection,
    request: Recorded,
    turn: Turn,
    chunks: Chunks,
    pieces: list[str],
    numbers: AsyncGenerator[int, None],
) -> None:
    """Write the tokens, one write each, at the scripted pace."""
    half = len(pieces) // 2
    async for number in numbers:
        if number == turn.cut:
            raise ConnectionAbortedError
        if turn.hang == "middle" and number == half:
            await asyncio.sleep(FOREVER)
        piece = chunks.stamped() if turn.stamp else chunks.token(pieces[number])
        connection.transport.write(piece)
        request.tokens_sent = number + 1
    if turn.cut >= len(pieces):
        raise ConnectionAbortedError


async def shared_pace(
    count: int, rate: float, connection: HttpConnection, state: State
) -> AsyncGenerator[int, None]:
    """Count at this stream's share of `rate` numbers a second."""
    due = time.monotonic()
    for number in range(count):
        yield number
        due += max(state.streaming, 1) / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        await connection.drained()


async def paced(
    count: int, rate: float, connection: HttpConnection, _state: State
) -> AsyncGenerator[int, None]:
    """Count at `rate` numbers a second; without one as fast as the client reads."""
    start = time.monotonic()
    for number in range(count):
        if rate:
            wait = start + number / rate - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
        else:
            await connection.drained()
        yield number


def send_tail(connection: HttpConnection, request: Recorded, turn: Turn, chunks: Chunks) -> None:
    """Write tool calls, the finish reason, the counts and the end mark, as far as scripted."""
    write = connection.transport.write
    if turn.error:
        write(event({"error": {"message": turn.error, "code": 500}}))
    for delta in call_deltas(turn):
        write(chunks.delta(delta))
    if turn.empty_choices:
        write(event({**chunks.envelope(), "choices": []}))
    if turn.finish:
        write(chunks.delta({}, "tool_calls" if turn.calls else "stop"))
    if turn.usage and wants_usage(request.body):
        write(chunks.usage(prompt_tokens(request.body), request.tokens_sent))
    if turn.done:
        write(framed(b"data: [DONE]\n\n"))


def wants_usage(body: dict[str, Any]) -> bool:
    """Whether the client asked for the counts, as OpenAI wants it asked."""
    return bool((body.get("stream_options") or {}).get("include_usage"))


def prompt_tokens(body: dict[str, Any]) -> int:
    """A count of the prompt: a quarter of its characters."""
    return sum(len(str(message.get("content") or "")) for message in body.get("messages", [])) // 4
