import asyncio

import pytest


async def test_who_is_cancelled_as_their_wait_ends_is_cancelled():
    awaited = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(asyncio.wait_for(awaited, 10))
    await asyncio.sleep(0)

    awaited.set_result("too late")
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_wait_that_is_not_cancelled_gives_its_result_or_ends_in_time():
    async def answer():
        return "said"

    assert await asyncio.wait_for(answer(), 10) == "said"
    assert await asyncio.wait_for(answer(), None) == "said"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.sleep(10), 0.01)
