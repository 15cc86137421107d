"""Many who ask Redis in the same moment."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache

from youworker.core.per_loop import close_all
from youworker.core.redis import async_redis, make_async_redis, own_async_redis, sync_redis

TOGETHER = 150
# More steps of the loop than a command takes that has to connect first.
STEPS = 30


async def test_coroutines_that_ask_together_are_all_answered():
    asked = [async_redis().exists("nothing") for _ in range(TOGETHER)]

    answers = await asyncio.gather(*asked)
    await close_all()

    assert answers == [0] * TOGETHER


@pytest.mark.parametrize("client", [make_async_redis, lambda: own_async_redis(5)])
async def test_no_connection_outlives_its_client(client):
    for steps in range(STEPS):
        asker = client()
        asked = asyncio.create_task(asker.execute_command("CLIENT", "SETNAME", f"step-{steps}"))
        for _ in range(steps):
            await asyncio.sleep(0)

        await asker.aclose()
        await asyncio.gather(asked, return_exceptions=True)

    names = {each["name"] for each in sync_redis().client_list()}
    assert not [name for name in names if name.startswith("step-")]


def cache_client():
    return cache._cache.get_client()  # noqa: SLF001 -- no other way shows the pool


@pytest.mark.parametrize("client", [sync_redis, cache_client])
def test_threads_that_ask_together_are_all_answered(client):
    # A command that takes its time, so that all are there before the first one is done.
    with ThreadPoolExecutor(TOGETHER) as threads:
        asked = [threads.submit(client().blpop, "nothing", 0.5) for _ in range(TOGETHER)]

    assert [each.result() for each in asked] == [None] * TOGETHER
