from __future__ import annotations

import asyncio

import pytest

from chat.llm.openai.timeouts import Clock


def within(clock, seconds):
    """Limit the next wait to some seconds."""
    return clock.until(clock.loop.time() + seconds)


async def test_wait_within_its_time_is_left_alone():
    clock = Clock(5)

    with within(clock, 1):
        await asyncio.sleep(0.01)

    clock.stop()
    assert clock.timer is None


async def test_wait_beyond_its_time_is_ended():
    clock = Clock(5)

    with pytest.raises(TimeoutError), within(clock, 0.02):
        await asyncio.sleep(5)

    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    assert not clock.is_over


async def test_total_ends_a_wait_that_has_time_left():
    clock = Clock(0.02)

    with pytest.raises(TimeoutError), within(clock, 5):
        await asyncio.sleep(5)

    assert clock.is_over


async def test_timer_armed_for_an_early_wait_moves_for_a_later_one():
    clock = Clock(5)
    with within(clock, 0.02):
        await asyncio.sleep(0)

    with within(clock, 0.3):
        await asyncio.sleep(0.06)

    with pytest.raises(TimeoutError), within(clock, 0.01):
        await asyncio.sleep(5)
    clock.stop()


async def test_time_between_waits_does_not_count():
    clock = Clock(5)
    with within(clock, 0.02):
        await asyncio.sleep(0)

    await asyncio.sleep(0.05)

    with within(clock, 0.02):
        await asyncio.sleep(0)
    clock.stop()


async def test_cancellation_from_outside_stays_a_cancellation():
    clock = Clock(5)

    async def wait():
        with within(clock, 1):
            await asyncio.sleep(5)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0.01)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    clock.stop()


async def test_cancellation_at_the_same_moment_goes_first():
    clock = Clock(5)

    async def wait():
        with within(clock, 1):
            await asyncio.sleep(5)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0.01)
    clock.deadline = 0
    clock.ring()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    clock.stop()
