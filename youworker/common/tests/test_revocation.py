"""Being told that something is gone."""

import asyncio

import pytest

from youworker.common import revocation
from youworker.common.revocation import RevocationPoller


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
    async with asyncio.timeout(5):
        await event.wait()


async def looks(things, count):
    async with asyncio.timeout(5):
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
    async with asyncio.timeout(5):
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
