"""Being told that something is gone."""

import asyncio
import threading
from contextlib import aclosing, suppress
from functools import partial

import pytest

from youworker.core.realtime import revocation
from youworker.core.realtime.revocation import (
    CloseReason,
    Condition,
    RevocableWait,
    RevocationPoller,
    Revoked,
    until_revoked,
)
from youworker.tests.support.waiting import PATIENCE_SECONDS


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(revocation, "PAUSE_SECONDS", 0.02)


class Things:
    """What remains, as far as that can be found out."""

    def __init__(self, *there):
        self.there = set(there)
        self.asked = []
        self.broken = False

    def remaining(self, asked):
        self.asked.append(set(asked))
        if self.broken:
            raise ConnectionError("no database")
        return self.there & set(asked)


async def seconds(event):
    async with asyncio.timeout(PATIENCE_SECONDS):
        await event.wait()


async def looks(things, count):
    async with asyncio.timeout(PATIENCE_SECONDS):
        wanted = len(things.asked) + count
        while len(things.asked) < wanted:  # noqa: ASYNC110 -- threads ask
            await asyncio.sleep(0.01)


async def test_everybody_who_watches_is_told_once():
    things = Things("kept", "lost")
    watch = RevocationPoller(things.remaining)
    told = []
    gone = asyncio.Event()
    with (
        watch.watching("lost", lambda: told.append("first")),
        watch.watching("lost", gone.set),
        watch.watching("kept", lambda: told.append("wrong")),
    ):
        await looks(things, 1)
        things.there.discard("lost")
        await seconds(gone)
        await looks(things, 2)

    assert told == ["first"]
    assert things.asked[0] == {"kept", "lost"}
    assert things.asked[-1] == {"kept"}


async def test_nothing_is_asked_when_nothing_is_watched():
    things = Things("a")
    watch = RevocationPoller(things.remaining)

    with watch.watching("a", list):
        await looks(things, 1)
    polls = watch.polls.get()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await polls.task
    asked = len(things.asked)
    with watch.watching("a", list):
        await looks(things, 1)

    assert polls.watchers == {}
    assert len(things.asked) == asked + 1


async def test_trouble_is_logged_once_and_survived(caplog):
    things = Things("a")
    watch = RevocationPoller(things.remaining)
    gone = asyncio.Event()

    with watch.watching("a", gone.set):
        things.broken = True
        await looks(things, 3)
        assert not gone.is_set()
        things.broken, things.there = False, set()
        await seconds(gone)

    said = [record.getMessage() for record in caplog.records if "access" in record.getMessage()]
    assert said == ["access cannot be checked", "access can be checked again"]


@pytest.mark.parametrize("trusting", [False, True])
async def test_patience_with_trouble_ends_unless_trusting(trusting, monkeypatch):
    monkeypatch.setattr(revocation, "PATIENCE_SECONDS", 0.0)
    things = Things("a")
    things.broken = True
    watch = RevocationPoller(things.remaining, trusting=trusting)
    gone = asyncio.Event()

    with watch.watching("a", gone.set):
        await (looks(things, 4) if trusting else seconds(gone))

    assert gone.is_set() is not trusting


@pytest.mark.parametrize("trusting", [False, True])
async def test_patience_with_silence_ends_unless_trusting(trusting, monkeypatch):
    monkeypatch.setattr(revocation, "PATIENCE_SECONDS", 0.05)
    answered = threading.Event()
    asked = threading.Event()

    def remaining(things):
        asked.set()
        answered.wait(10)
        return things

    watch = RevocationPoller(remaining, trusting=trusting)
    gone = asyncio.Event()

    with watch.watching("a", gone.set):
        try:
            await asyncio.to_thread(asked.wait, PATIENCE_SECONDS)
            await (asyncio.sleep(0.2) if trusting else seconds(gone))
        finally:
            answered.set()

    assert gone.is_set() is not trusting


async def numbers_until_stuck():
    yield 1
    await asyncio.Event().wait()
    yield 2


async def test_the_wait_at_hand_and_all_later_ones_are_broken_off():
    things = Things("access", "conversation")
    watch = RevocationPoller(things.remaining)
    rests_on = (
        Condition(watch, "access", CloseReason.ACCESS_ENDED),
        Condition(watch, "conversation", CloseReason.GONE),
    )

    async with asyncio.timeout(PATIENCE_SECONDS), aclosing(numbers_until_stuck()) as items:
        with until_revoked(*rests_on) as revocable:
            assert await revocable.wait_for(partial(anext, items)) == 1
            things.there.discard("conversation")
            reasons = []
            for begin in (partial(anext, items), partial(asyncio.sleep, 0)):
                with pytest.raises(Revoked) as revoked:
                    await revocable.wait_for(begin)
                reasons.append(revoked.value.reason)

    assert reasons == [CloseReason.GONE, CloseReason.GONE]


async def test_what_is_waited_for_costs_no_task():
    revocable, tasks = RevocableWait(), []

    async def note_tasks():
        await asyncio.sleep(0)
        tasks.append(asyncio.all_tasks())

    before = asyncio.all_tasks()
    for _ in range(3):
        await revocable.wait_for(note_tasks)

    assert tasks == [before] * 3


async def test_a_second_reason_during_the_end_of_the_wait_changes_nothing():
    revocable, ending, ended = RevocableWait(), asyncio.Event(), asyncio.Event()

    async def end_slowly():
        try:
            await asyncio.Event().wait()
        finally:
            ending.set()
            await ended.wait()

    task = asyncio.create_task(revocable.wait_for(end_slowly))
    await asyncio.sleep(0)
    revocable.revoke(CloseReason.ACCESS_ENDED)
    await seconds(ending)
    revocable.revoke(CloseReason.GONE)
    ended.set()

    with pytest.raises(Revoked) as revoked:
        await task
    assert revoked.value.reason is CloseReason.ACCESS_ENDED


async def test_other_timeouts_and_cancellations_are_not_taken_for_a_revocation():
    async def fail():
        raise TimeoutError

    revocable = RevocableWait()
    with pytest.raises(TimeoutError):
        await revocable.wait_for(fail)
    task = asyncio.create_task(revocable.wait_for(asyncio.Event().wait))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert revocable.reason is None


async def test_nothing_is_watched_after_the_stream():
    things = Things("a")
    watch = RevocationPoller(things.remaining)

    with suppress(KeyError), until_revoked(Condition(watch, "a", CloseReason.GONE)):
        assert set(watch.polls.get().watchers) == {"a"}
        raise KeyError

    assert watch.polls.get().watchers == {}
