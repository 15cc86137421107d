"""One object for each event loop."""

import asyncio
import weakref

import pytest

from youworker.core.per_loop import PerLoop, Stage, close_all, held


class Thing:
    """Something that knows its loop, as tasks and connections do."""

    def __init__(self):
        self.loop = asyncio.get_running_loop()


@pytest.fixture
def closed():
    return []


def named(name, closed, **options):
    async def close(_thing):
        await asyncio.sleep(0)
        closed.append(name)

    return PerLoop(Thing, close=close, **options)


async def get_of(owner):
    return owner.get()


async def test_a_loop_has_one_object():
    things = PerLoop(Thing)

    first, again = things.get(), await asyncio.create_task(get_of(things))

    assert first is again
    assert first.loop is asyncio.get_running_loop()


def test_every_loop_has_its_own():
    things = PerLoop(Thing)

    first, second = asyncio.run(get_of(things)), asyncio.run(get_of(things))

    assert first is not second


def test_nothing_stays_of_loops_that_ended():
    things = PerLoop(Thing)
    first = weakref.ref(asyncio.run(get_of(things)))

    asyncio.run(get_of(things))

    assert first() is None
    assert len([loop for loop in held if loop.is_closed()]) == 1


async def test_what_uses_others_is_closed_before_them(closed):
    connections = named("connections", closed, stage=Stage.CONNECTION)
    work = named("work", closed, stage=Stage.WORK)
    older, younger = named("older", closed), named("younger", closed)
    for owner in (work, older, connections, younger):
        owner.get()

    await close_all()

    assert closed == ["work", "younger", "older", "connections"]


async def test_closing_twice_closes_once(closed):
    things = named("thing", closed)
    things.get()

    await asyncio.gather(close_all(), close_all())
    await close_all()
    await things.close()

    assert closed == ["thing"]


async def test_what_was_not_used_is_not_made_to_be_closed(closed):
    named("unused", closed)

    await close_all()

    assert closed == []


async def test_what_is_made_while_others_are_closed_is_closed_too(closed):
    late = named("late", closed, stage=Stage.WORK)

    async def use_late(_thing):
        late.get()

    early = PerLoop(Thing, close=use_late)
    early.get()

    await close_all()

    assert closed == ["late"]


async def test_an_object_that_cannot_be_closed_keeps_no_other_open(closed):
    async def fail(_thing):
        raise ConnectionError("no answer")

    broken = PerLoop(Thing, close=fail)
    for owner in (named("under", closed, stage=Stage.CONNECTION), broken):
        owner.get()

    with pytest.raises(ConnectionError):
        await close_all()

    assert closed == ["under"]


async def test_a_cancelled_closing_goes_on_with_the_others(closed):
    async def hang(_thing):
        await asyncio.Event().wait()

    hanging = PerLoop(Thing, close=hang)
    for owner in (named("under", closed, stage=Stage.CONNECTION), hanging):
        owner.get()

    closing = asyncio.create_task(close_all())
    await asyncio.sleep(0)
    closing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await closing
    assert closed == ["under"]


async def test_another_object_is_made_after_the_first_was_closed():
    things = PerLoop(Thing)
    first = things.get()

    await things.close()

    assert things.get() is not first
