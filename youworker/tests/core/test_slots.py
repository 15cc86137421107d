"""Callers take turns, and no slot is lost however a wait ends."""

import asyncio

import pytest

from youworker.core.slots import Caller, RequestSlots, Slot

GREEDY, MODEST, THIRD = Caller(1, 1), Caller(2, 2), Caller(3, 3)


async def turns(count=6):
    """Let everything that can go on do so."""
    for _ in range(count):
        await asyncio.sleep(0)


def queue_up(slots, caller, served):
    async def take():
        await slots.acquire(caller, seconds=None)
        served.append(caller)

    return asyncio.create_task(take())


async def test_one_caller_cannot_take_every_slot():
    slots, served = RequestSlots(slots=4, per_caller=2, per_address=4), []
    tasks = [queue_up(slots, GREEDY, served) for _ in range(10)]
    await turns()
    tasks.append(queue_up(slots, MODEST, served))
    await turns()

    assert served == [GREEDY, GREEDY, MODEST]
    assert slots.free == 1
    for task in tasks:
        task.cancel()


async def test_an_address_that_shows_many_keys_cannot_take_every_slot():
    slots, served = RequestSlots(slots=3, per_caller=1, per_address=2), []
    tasks = [queue_up(slots, Caller(number, 1), served) for number in range(10)]
    tasks.append(queue_up(slots, MODEST, served))
    await turns()
    slots.release(served[0])
    await turns()

    assert served == [Caller(0, 1), Caller(1, 1), MODEST, Caller(2, 1)]
    for task in tasks:
        task.cancel()


async def test_callers_take_turns():
    slots, served = RequestSlots(slots=1, per_caller=1, per_address=4), []
    tasks = [queue_up(slots, GREEDY, served) for _ in range(4)]
    await turns()
    tasks += [queue_up(slots, MODEST, served) for _ in range(2)]
    while len(served) < 6:
        await turns()
        slots.release(served[-1])

    assert served == [GREEDY, GREEDY, MODEST, GREEDY, MODEST, GREEDY]
    assert (slots.free, slots.waiting, slots.running) == (1, {}, {})


async def test_a_caller_at_its_limit_does_not_hold_up_those_behind():
    slots, served = RequestSlots(slots=2, per_caller=1, per_address=4), []
    await slots.acquire(GREEDY, seconds=None)
    await slots.acquire(THIRD, seconds=None)
    tasks = [queue_up(slots, GREEDY, served), queue_up(slots, MODEST, served)]
    await turns()

    slots.release(THIRD)
    await turns()

    assert served == [MODEST]
    tasks[0].cancel()


async def test_who_waits_too_long_is_told_and_leaves_nothing_behind():
    slots = RequestSlots(slots=1, per_caller=1, per_address=4)
    await slots.acquire(GREEDY, seconds=None)

    with pytest.raises(TimeoutError):
        await slots.acquire(MODEST, seconds=0.01)
    slots.release(GREEDY)

    assert (slots.free, slots.waiting, slots.running) == (1, {}, {})


async def test_who_leaves_while_waiting_is_passed_over():
    slots, served = RequestSlots(slots=1, per_caller=1, per_address=4), []
    await slots.acquire(GREEDY, seconds=None)
    leaver, stayer = queue_up(slots, MODEST, served), queue_up(slots, THIRD, served)
    await turns()

    leaver.cancel()
    slots.release(GREEDY)
    await turns()

    assert leaver.cancelled()
    assert (served, stayer.done()) == ([THIRD], True)


async def test_a_slot_given_to_somebody_who_leaves_goes_to_the_next():
    slots, served = RequestSlots(slots=1, per_caller=1, per_address=4), []
    await slots.acquire(GREEDY, seconds=None)
    leaver, _stayer = queue_up(slots, MODEST, served), queue_up(slots, THIRD, served)
    await turns()

    slots.release(GREEDY)
    leaver.cancel()
    await turns()

    assert leaver.cancelled()
    assert served == [THIRD]


async def test_a_request_that_is_over_gets_no_slot_again():
    slots = RequestSlots(slots=1, per_caller=1, per_address=4)
    slot, other = Slot(slots, GREEDY), Slot(slots, MODEST)
    await slot.acquire()
    slot.release()
    await other.acquire()
    late = asyncio.create_task(slot.acquire())
    await turns()

    slot.end()
    slot.end()
    other.end()
    await late
    await slot.acquire()

    assert not slot.held
    assert (slots.free, slots.waiting, slots.running) == (1, {}, {})
