"""Many who ask Redis in the same moment."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache

from youworker.core.per_loop import close_all
from youworker.core.redis import async_redis, sync_redis

TOGETHER = 150


async def test_coroutines_that_ask_together_are_all_answered():
    asked = [async_redis().exists("nothing") for _ in range(TOGETHER)]

    answers = await asyncio.gather(*asked)
    await close_all()

    assert answers == [0] * TOGETHER


def cache_client():
    return cache._cache.get_client()  # noqa: SLF001 -- no other way shows the pool


@pytest.mark.parametrize("client", [sync_redis, cache_client])
def test_threads_that_ask_together_are_all_answered(client):
    # A command that takes its time, so that all are there before the first one is done.
    with ThreadPoolExecutor(TOGETHER) as threads:
        asked = [threads.submit(client().blpop, "nothing", 0.5) for _ in range(TOGETHER)]

    assert [each.result() for each in asked] == [None] * TOGETHER
