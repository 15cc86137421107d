"""Connections to model servers: one pooled client per event loop, server and key."""

from __future__ import annotations

import asyncio
import importlib
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from youworker.common.per_loop import PerLoop, Stage

if TYPE_CHECKING:
    import httpx2
    import openai

    from youworker.common.config.sections import LlmConfig

# Local servers want no key, and the client's library refuses to go without one.
NO_KEY = "none"
WRITE_SECONDS = 30.0
# The longest lists of models, of services that resell hundreds, have one megabyte.
LONGEST_LIST = 4_194_304
# More than any reason needs; the rest is not read.
LONGEST_ERROR = 65_536

ClientKey = tuple[str, str, float, int]


async def close_pool(pool: dict[ClientKey, openai.AsyncOpenAI]) -> None:
    """Close the clients of an event loop."""
    async with AsyncExitStack() as closings:
        for client in pool.values():
            closings.push_async_callback(client.close)


pools: PerLoop[dict[ClientKey, openai.AsyncOpenAI]] = PerLoop(
    dict, close=close_pool, stage=Stage.CONNECTION
)


async def client_for(llm: LlmConfig) -> openai.AsyncOpenAI:
    """The client of the running event loop for one server."""
    await load_library()
    pool = pools.get()
    key = (llm.base_url, llm.api_key, llm.connect_timeout, llm.max_answer_bytes)
    if key not in pool:
        pool[key] = new_client(llm)
    return pool[key]


async def load_library() -> None:
    """Import the client library off the event loop: it takes most of a second."""
    if "openai.resources.chat" not in sys.modules:
        await asyncio.to_thread(importlib.import_module, "openai.resources.chat")


def new_client(llm: LlmConfig) -> openai.AsyncOpenAI:
    """A client without a read timeout or retries; both are decided per model turn."""
    import openai  # noqa: PLC0415 -- 40 MB that only users of a model server pay

    from youworker.upstream.body_limits import limit_body  # noqa: PLC0415 -- belongs to that library

    async def limit(response: httpx2.Response) -> None:
        if response.is_error:
            limit_body(response, LONGEST_ERROR, cut=True)
        else:
            is_list = response.request.method == "GET"
            limit_body(response, LONGEST_LIST if is_list else llm.max_answer_bytes)

    timeout = openai.Timeout(
        connect=llm.connect_timeout, read=None, write=WRITE_SECONDS, pool=llm.connect_timeout
    )
    return openai.AsyncOpenAI(
        base_url=llm.base_url,
        api_key=llm.api_key or NO_KEY,
        timeout=timeout,
        max_retries=0,
        default_headers={"Accept-Encoding": "identity"},
        http_client=openai.DefaultAsyncHttpxClient(event_hooks={"response": [limit]}),
    )


async def close_clients() -> None:
    """Close the connections of the running event loop."""
    await pools.close()
