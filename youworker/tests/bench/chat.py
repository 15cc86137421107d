"""Streams: cost of a token, throughput, time to the first token, many paced answers."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import orjson
import psutil

from youworker.core.config import BASE_DIR
from youworker.tests.bench import Figure, at_least, at_most
from youworker.tests.bench.product import Product, running_product
from youworker.tests.bench.sse import Stream, time_to_first_chunk, watch_chat
from youworker.tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTLE_SECONDS = 3
FULL_SPEED = {"streams": 10, "tokens": 3000}
PACED = {"tokens": 300, "rate": 30}
MEBIBYTE = 2**20


def run(paced_streams: int = 200) -> list[Figure]:
    """Measure a scratch installation that talks to our model double."""
    with product_with_double() as (product, port):
        figures = memory(product)
        asyncio.run(ask_together(product, 2, "[[tokens=20]]"))
        figures += asyncio.run(first_tokens(product, port))
        figures += asyncio.run(full_speed(product))
        figures += asyncio.run(paced(product, paced_streams))
        return figures


@contextmanager
def product_with_double() -> Iterator[tuple[Product, int]]:
    """A settled installation and the port of its double.

    Titles are answers of their own, which would be counted with those that are measured.
    """
    with (
        model_double() as port,
        running_product(LLM_BASE_URL=f"http://127.0.0.1:{port}/v1", AGENT_TITLES="0") as product,
    ):
        time.sleep(SETTLE_SECONDS)
        yield product, port


@contextmanager
def product_with_model(**settings: str) -> Iterator[Product]:
    """Run an installation that talks to a model double of its own."""
    with (
        model_double() as port,
        running_product(LLM_BASE_URL=f"http://127.0.0.1:{port}/v1", **settings) as product,
    ):
        yield product


@contextmanager
def model_double() -> Iterator[int]:
    """Run the model double as a process of its own; its port."""
    port = free_port()
    command = [sys.executable, "-m", "youworker.tests.support.model_server", "--port", str(port)]
    double = subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE)
    try:
        if double.stdout is None or not double.stdout.readline().startswith(b"ready"):
            raise RuntimeError("the model double did not start")
        yield port
    finally:
        double.terminate()
        # Also closes the pipe.
        double.communicate(timeout=5)


def memory(product: Product) -> list[Figure]:
    """What the processes hold after the start, before any work."""
    web = product.web.memory_info().rss / MEBIBYTE
    workers = [process.memory_info().rss / MEBIBYTE for process in product.children("celery")]
    return [
        at_most("start until ready (with database creation)", product.ready_seconds, "s", 5),
        at_most("web process, idle", web, "MiB", 150),
        at_most("largest worker process, idle", max(workers), "MiB", 130),
    ]


async def ask_together(product: Product, count: int, script: str) -> list[Stream]:
    """Start `count` streams at once and read them all to the end."""
    question = {"text": script, "enable_tools": True}
    streams = [
        watch_chat(product.host, product.port, product.api_key, **question) for _ in range(count)
    ]
    return await asyncio.gather(*streams)


async def first_tokens(product: Product, port: int) -> list[Figure]:
    """Added time to the first token, median, for streams that start together."""
    message = {"role": "user", "content": "[[tokens=20]]"}
    body = orjson.dumps({"model": "double", "stream": True, "messages": [message]})
    direct = [await time_to_first_chunk("127.0.0.1", port, body) for _ in range(10)]
    figures = []
    for count, rounds, budget in ((1, 20, 20), (10, 5, 80), (50, 3, 400)):
        waits: list[float] = []
        for _ in range(rounds):
            streams = await ask_together(product, count, "[[tokens=20]]")
            waits += [stream.first_token - stream.started for stream in streams]
        added = (statistics.median(waits) - statistics.median(direct)) * 1000
        figures.append(at_most(f"added first token, p50, {count} together", added, "ms", budget))
    return figures


async def full_speed(product: Product) -> list[Figure]:
    """Cost and number of tokens with ten models that talk as fast as they can."""
    web = psutil.Process(product.web.pid)
    before, start = web.cpu_times(), time.monotonic()
    streams = await ask_together(
        product, FULL_SPEED["streams"], f"[[tokens={FULL_SPEED['tokens']}]]"
    )
    seconds, after = time.monotonic() - start, web.cpu_times()
    tokens = sum(stream.tokens for stream in streams)
    cpu = after.user + after.system - before.user - before.system
    lost = FULL_SPEED["streams"] * FULL_SPEED["tokens"] - tokens
    return [
        at_most("server CPU per token, 10 streams at full speed", cpu / tokens * 1e6, "µs", 30),
        at_least("tokens per second, 10 streams", tokens / seconds, "tok/s", 40_000),
        at_most("tokens lost, 10 streams", lost, "tokens", 0),
    ]


async def paced(product: Product, count: int) -> list[Figure]:
    """Added latency of many streams of 30 tokens a second."""
    script = f"[[tokens={PACED['tokens']},rate={PACED['rate']},stamp]]"
    streams = await ask_together(product, count, script)
    delays = sorted(delay for stream in streams for delay in stream.delays)
    lost = count * PACED["tokens"] - sum(stream.tokens for stream in streams)
    p95 = delays[int(len(delays) * 0.95)] * 1000
    return [
        at_most(f"added latency p95, {count} streams of 30 tok/s", p95, "ms", 150),
        at_most(f"tokens lost, {count} streams of 30 tok/s", lost, "tokens", 0),
    ]
