"""How long a start takes, and what the processes hold afterwards."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from youworker.tests.bench import Figure, at_most
from youworker.tests.bench.chat import MEBIBYTE, model_double
from youworker.tests.bench.product import headers_of, product_in
from youworker.tests.bench.raw import send_request
from youworker.tests.bench.sse import read_events

if TYPE_CHECKING:
    from youworker.tests.bench.product import Product

OK = 200
# The processes load in the background what the first user would wait for.
SETTLE_SECONDS = 8.0
SEARCHES = 5
LATER_CALLS = 5
TOOL_QUESTION = "[[tokens=5,tool=datetime__now]]"


def run() -> list[Figure]:
    """Start an installation twice in the same folder: as it comes, then with a model server."""
    with (
        tempfile.TemporaryDirectory(prefix="youworker-bench-") as folder,
        model_double() as port,
    ):
        with product_in(Path(folder)) as product:
            figures = start_figures("first", product) + measure_searches(product)
        with product_in(Path(folder), LLM_BASE_URL=f"http://127.0.0.1:{port}/v1") as product:
            return figures + start_figures("later", product) + measure_tools(product)


def start_figures(name: str, product: Product) -> list[Figure]:
    """How long a start took, and its CPU time, which other work on the machine does not change."""
    return [
        at_most(f"{name} start until ready", product.ready_seconds, "s", 5),
        Figure(f"{name} start until ready, CPU of our processes", product.ready_cpu, "s"),
    ]


def measure_searches(product: Product) -> list[Figure]:
    """Memory of the idle processes, then the first and the later searches."""
    time.sleep(SETTLE_SECONDS)
    return [
        *idle_memory(product),
        *first_and_later("search", asyncio.run(time_searches(product))),
        at_most("web process after the first search", web_memory(product), "MiB", 200),
        Figure("embedding process", memory_of(product, "encoder.server"), "MiB"),
    ]


def measure_tools(product: Product) -> list[Figure]:
    """The first and the later tool calls, and the memory after them."""
    time.sleep(SETTLE_SECONDS)
    seconds = asyncio.run(time_tool_calls(product))
    return [
        at_most("first tool call of a process", seconds[0] * 1000, "ms", 60),
        Figure("later tool call, median", statistics.median(seconds[1:]) * 1000, "ms"),
        at_most("web process after tool calls", web_memory(product), "MiB", 200),
        Figure("all processes in the end (PSS)", all_memory(product), "MiB"),
    ]


def idle_memory(product: Product) -> list[Figure]:
    """What each kind of process holds before any work."""
    return [
        at_most("web process, idle", web_memory(product), "MiB", 150),
        at_most("largest worker process, idle", memory_of(product, "celery"), "MiB", 130),
        Figure("all processes, idle (PSS)", all_memory(product), "MiB"),
    ]


def web_memory(product: Product) -> float:
    """What the web process holds, in MiB."""
    return memory_of(product, "youworker.server")


def memory_of(product: Product, marker: str) -> float:
    """What the largest process holds whose command line contains `marker`, in MiB."""
    held = [process.memory_info().rss for process in product.children(marker)]
    return float(max(held, default=0)) / MEBIBYTE


def all_memory(product: Product) -> float:
    """What all processes hold, in MiB; a page that several share is divided among them."""
    processes = [product.supervisor, *product.supervisor.children(recursive=True)]
    return float(sum(process.memory_full_info().pss for process in processes)) / MEBIBYTE


def first_and_later(name: str, seconds: list[float]) -> list[Figure]:
    """The first of several times, and the median of the others, in milliseconds."""
    first, *later = (one * 1000 for one in seconds)
    return [
        Figure(f"first {name} of a process", first, "ms"),
        Figure(f"later {name}, median", statistics.median(later), "ms"),
    ]


async def time_searches(product: Product) -> list[float]:
    """Seconds of some searches by meaning, each for something else."""
    return [await time_search(product, f"question number {n}") for n in range(SEARCHES)]


async def time_search(product: Product, query: str) -> float:
    """Seconds until a search is answered."""
    began = time.monotonic()
    body = orjson.dumps({"query": query})
    address = (product.host, product.port)
    async with send_request(address, "/v1/search", headers_of(product), body=body) as answer:
        await answer.reader.read()
        if answer.status != OK:
            raise RuntimeError(f"the search was answered with {answer.status}")
    return time.monotonic() - began


async def time_tool_calls(product: Product) -> list[float]:
    """Seconds of some calls of a built-in tool, one in each of as many answers."""
    return [await time_tool_call(product) for _ in range(1 + LATER_CALLS)]


async def time_tool_call(product: Product) -> float:
    """Seconds that one call took, as the product itself says."""
    body = orjson.dumps({"text": TOOL_QUESTION, "enable_tools": True, "stream": True})
    address = (product.host, product.port)
    async with send_request(address, "/v1/chat", headers_of(product), body=body) as answer:
        async for _, kind, data in read_events(answer):
            if kind == b"tool" and orjson.loads(data)["status"] == "end":
                return float(orjson.loads(data)["latency_ms"]) / 1000
    raise RuntimeError("the answer called no tool")
