"""The same answers at full speed through each door: event stream, WebSocket, OpenAI's route."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import orjson
import psutil

from youworker.tests.bench import Figure, at_least, at_most
from youworker.tests.bench.product import headers_of
from youworker.tests.bench.raw import send_request
from youworker.tests.bench.soak.ledger import LoadFault
from youworker.tests.bench.soak.log import OK, next_event
from youworker.tests.bench.sse import watch_chat
from youworker.tests.bench.websocket import open_socket

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from youworker.tests.bench.product import Product

STREAMS, TOKENS = 10, 3000
QUESTION = f"[[tokens={TOKENS}]]"


async def by_events(product: Product) -> int:
    """Ask by `POST /v1/chat`; how many tokens came."""
    stream = await watch_chat(product.host, product.port, product.api_key, text=QUESTION)
    return stream.tokens


async def by_socket(product: Product) -> int:
    """Ask over a WebSocket; how many tokens came."""
    address, key = (product.host, product.port), product.api_key
    body = orjson.dumps({})
    headers = headers_of(product)
    async with send_request(address, "/v1/sessions", headers, body=body) as answer:
        session = orjson.loads(await answer.reader.read())["id"]
    tokens = 0
    async with open_socket(address, f"/ws/chat/{session}", key) as socket:
        await socket.send({"type": "text", "text": QUESTION})
        while (event := await next_event(socket)) is not None:
            if event["type"] == "token":
                tokens += len(event["text"].split())
            elif event["type"] == "done":
                return tokens
    raise LoadFault("socket: closed before `done`")


async def by_openai(product: Product) -> int:
    """Ask the agent by OpenAI's route; how many tokens came."""
    message = {"role": "user", "content": QUESTION}
    body = orjson.dumps({"model": "youworker", "stream": True, "messages": [message]})
    headers = headers_of(product)
    tokens, address = 0, (product.host, product.port)
    async with send_request(address, "/v1/chat/completions", headers, body=body) as answer:
        if answer.status != OK:
            raise LoadFault(f"completions: answered with {answer.status}")
        while line := await answer.reader.readline():
            if line.startswith(b"data: [DONE]"):
                return tokens
            if line.startswith(b"data: {"):
                tokens += tokens_in(line[6:])
    raise LoadFault("completions: ended without [DONE]")


def tokens_in(line: bytes) -> int:
    """How many tokens one chunk of OpenAI's holds."""
    choices = orjson.loads(line)["choices"]
    return sum(len((choice["delta"].get("content") or "").split()) for choice in choices)


DOORS: dict[str, Callable[[Product], Awaitable[int]]] = {
    "SSE": by_events,
    "WebSocket": by_socket,
    "OpenAI": by_openai,
}


async def measure(product: Product) -> list[Figure]:
    """Cost and number of tokens of ten streams at full speed, for each door."""
    figures: list[Figure] = []
    for name, ask in DOORS.items():
        web = psutil.Process(product.web.pid)
        before, start = web.cpu_times(), time.monotonic()
        counts = await asyncio.gather(*(ask(product) for _ in range(STREAMS)))
        seconds, after = time.monotonic() - start, web.cpu_times()
        cpu, tokens = after.user + after.system - before.user - before.system, sum(counts)
        lost = STREAMS * TOKENS - tokens
        figures += [
            at_most(
                f"{name}: server CPU per token, {STREAMS} streams", cpu / tokens * 1e6, "µs", 30
            ),
            at_least(f"{name}: tokens per second", tokens / seconds, "tok/s", 40_000),
            at_most(f"{name}: tokens lost", lost, "tokens", 0),
        ]
    return figures
