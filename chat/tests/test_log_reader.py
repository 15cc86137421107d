"""Following event logs: nothing is missed, doubled or shown with a gap, whatever happens."""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import aclosing
from uuid import uuid4

import pytest
from redis.asyncio.client import Pipeline
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError

from chat.events import Event, log_key
from chat.runs.log import viewer as viewer_module
from chat.runs.log.reader import follow_log, log_reader
from chat.runs.log.run_log import LogCipher
from chat.runs.log.viewer import LONGEST_QUEUE, PAGE, Viewer
from chat.runs.log.writer import log_writer
from youworker.core.redis import async_redis, sync_redis
from youworker.tests.support.waiting import PATIENCE_SECONDS, wait_until_async

pytestmark = pytest.mark.django_db


class Log:
    """A run's log as somebody writes it in another process."""

    def __init__(self):
        self.run_id = uuid4()
        self.key = log_key(self.run_id)
        self.cipher = LogCipher(self.run_id)

    def event(self, seq):
        return Event(seq, "token", b'{"text":"%d"}' % seq)

    def events(self, first, last):
        return [self.event(seq) for seq in range(first, last + 1)]

    def write(self, first, last):
        pipeline = sync_redis().pipeline(transaction=False)
        for event in self.events(first, last):
            pipeline.xadd(self.key, self.cipher.seal(event), id=f"{event.seq}-0")
        pipeline.execute()


@pytest.fixture
def log():
    return Log()


def viewer_of(log, after=0):
    reader = log_reader()
    viewer = Viewer(log.run_id, after, reader)
    reader.add(viewer)
    return viewer


async def seen(viewer, count, patience=0.2):
    """The next `count` numbers."""
    numbers = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(numbers) < count:
            numbers += [event.seq for event in await viewer.take(patience)]
    return numbers


class HeldBack:
    """A client whose answers arrive only when they are let through."""

    def __init__(self, inner):
        self.inner = inner
        self.read, self.arrive = asyncio.Event(), asyncio.Event()

    async def xrange(self, *args, **kwargs):
        rows = await self.inner.xrange(*args, **kwargs)
        self.read.set()
        await self.arrive.wait()
        return rows

    def __getattr__(self, name):
        return getattr(self.inner, name)


@pytest.mark.parametrize(("first", "live"), [(0, [1]), (3, [4]), (3, [5]), (3, [4, 5, 6])])
async def test_what_arrives_while_the_old_events_are_read_is_not_lost(
    log, monkeypatch, first, live
):
    log.write(1, first) if first else None
    # Only a log that nobody follows yet need not be read first.
    await viewer_of(log).take(0.01)
    client = HeldBack(async_redis())
    monkeypatch.setattr(viewer_module, "async_redis", lambda: client)
    viewer = viewer_of(log)
    joining = asyncio.create_task(seen(viewer, live[-1]))
    await client.read.wait()

    # Redis has answered with the old events; now these come, and its answer only after them.
    log.write(first + 1, live[-1])
    log_reader().deliver([viewer], sync_redis().xrange(log.key, f"{live[0]}-0"))
    client.arrive.set()

    assert await joining == list(range(1, live[-1] + 1))


async def test_a_log_that_nobody_follows_is_read_once(log, monkeypatch):
    log.write(1, 3)
    read = []
    monkeypatch.setattr(Viewer, "read_log", read.append)

    viewer = viewer_of(log)
    before = await seen(viewer, 3)
    log.write(4, 5)

    assert before + await seen(viewer, 2) == [1, 2, 3, 4, 5]
    assert read == []


async def test_viewers_that_come_together_wake_the_reader_together(monkeypatch):
    logs, wakes = [Log() for _ in range(20)], []
    client = async_redis()
    pipeline = client.pipeline
    monkeypatch.setattr(client, "pipeline", lambda **about: wakes.append(1) or pipeline(**about))
    for each in logs:
        each.write(1, 2)

    found = await asyncio.gather(*(seen(viewer_of(each), 2) for each in logs))

    assert found == [[1, 2]] * 20
    assert len(wakes) < 10


async def test_a_wake_that_fails_is_tried_again(log, monkeypatch):
    client, reader = async_redis(), log_reader()

    class Broken:
        def xadd(self, *_args, **_about):
            raise RedisError

    with monkeypatch.context() as patched:
        patched.setattr(client, "pipeline", lambda **_about: Broken())
        with pytest.raises(RedisError):
            await reader.wake()

    log.write(1, 2)
    assert await seen(viewer_of(log), 2) == [1, 2]


async def test_a_number_that_is_not_the_next_sends_a_viewer_back_to_the_log(log):
    log.write(1, 3)
    viewer = viewer_of(log)
    await seen(viewer, 3)
    log.write(4, 7)

    viewer.offer(log.events(6, 6))

    assert await seen(viewer, 4) == [4, 5, 6, 7]


async def test_events_that_come_twice_are_seen_once(log):
    log.write(1, 3)
    viewer = viewer_of(log)
    await seen(viewer, 2)

    viewer.offer(log.events(1, 3))
    viewer.offer(log.events(2, 5))

    assert await seen(viewer, 2) == [4, 5]


async def test_a_slow_viewer_holds_little_and_misses_nothing(log):
    slow, quick = viewer_of(log), viewer_of(log)
    count = LONGEST_QUEUE + 2 * PAGE
    for first in range(1, count + 1, PAGE):
        log.write(first, first + PAGE - 1)
        slow.offer(log.events(first, first + PAGE - 1))

    assert len(slow.queue) == LONGEST_QUEUE
    assert await seen(quick, count) == await seen(slow, count) == list(range(1, count + 1))


@pytest.mark.parametrize("after", [5, 10**15])
async def test_who_waits_for_numbers_to_come_keeps_nobody_waiting(log, after):
    log.write(1, 2)
    early, late = viewer_of(log, after), viewer_of(log)
    waiting = asyncio.create_task(early.take(2))
    await asyncio.sleep(0.1)

    assert await seen(late, 2) == [1, 2]
    log.write(3, 6)
    assert await seen(late, 4, patience=20) == [3, 4, 5, 6]
    assert [event.seq for event in await waiting] == ([6] if after == 5 else [])


@pytest.mark.parametrize("first", [2, 40])
async def test_a_log_without_its_beginning_is_silent(log, first):
    log.write(first, first + 2)
    viewer = viewer_of(log)

    assert await viewer.take(0.05) == []
    assert await viewer.take(0.05) == []
    sync_redis().delete(log.key)
    log.write(1, 50)
    assert await seen(viewer, 50) == list(range(1, 51))


async def test_what_comes_before_a_gap_is_shown(log):
    log.write(1, 3)
    log.write(5, 6)
    viewer = viewer_of(log)

    assert [event.seq for event in await viewer.take(0.05)] == [1, 2, 3]
    assert await viewer.take(0.05) == []


async def test_a_log_that_expires_under_a_viewer_is_silent(log):
    log.write(1, 3)
    viewer = viewer_of(log)
    await seen(viewer, 3)
    sync_redis().delete(log.key)

    assert await viewer.take(0.05) == []
    assert await viewer.take(0.05) == []


@pytest.mark.parametrize("error", [ValueError, RuntimeError])
async def test_a_mistake_in_the_reader_silences_nobody(log, monkeypatch, caplog, error):
    log.write(1, 1)
    reader, failures = log_reader(), iter([error("secret"), error("secret")])
    deliver = reader.deliver

    def failing(viewers, rows):
        for failure in failures:
            raise failure
        deliver(viewers, rows)

    monkeypatch.setattr(reader, "deliver", failing)
    viewer = viewer_of(log)
    await seen(viewer, 1)
    log.write(2, 2)
    assert await seen(viewer, 1, patience=20) == [2]
    log.write(3, 3)
    assert await seen(viewer, 1, patience=20) == [3]

    warnings = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert not reader.task.done()


async def test_a_reader_that_was_ended_is_started_again(log):
    log.write(1, 1)
    viewer = viewer_of(log)
    await seen(viewer, 1)
    await viewer.take(0.05)
    log_reader().task.cancel()
    await asyncio.gather(log_reader().task, return_exceptions=True)

    log.write(2, 2)

    assert await seen(viewer, 1) == [2]


async def test_nothing_is_kept_of_a_viewer_that_left(log):
    async with aclosing(follow_log(log.run_id, after=0, silence=0.05)) as batches:
        assert await anext(batches) == []

    assert log_reader().viewers == {}
    assert log_reader().positions == {}


async def test_a_silent_log_is_read_once_a_silence_and_no_more(log, monkeypatch):
    reads = 0
    client = async_redis()
    xrange = client.xrange

    async def counting(*args, **kwargs):
        nonlocal reads
        reads += 1
        return await xrange(*args, **kwargs)

    monkeypatch.setattr(client, "xrange", counting)
    viewer = viewer_of(log)

    for _ in range(5):
        assert await viewer.take(0.05) == []

    assert reads == 4


async def watch(log, last, *, pause):
    """Join some time, read everything, slowly at times; the numbers that were seen."""
    await asyncio.sleep(pause)
    numbers = []
    async with aclosing(follow_log(log.run_id, after=0, silence=20)) as batches:
        async for batch in batches:
            numbers += [event.seq for event in batch]
            if numbers and numbers[-1] >= last:
                return numbers
            if random.random() < 0.1:
                await asyncio.sleep(random.random() / 50)
    return numbers


@pytest.mark.slow
async def test_viewers_that_join_while_events_are_written_see_every_one(log):
    """Their last event is the last of the log: a lost one would be waited for in vain."""
    last = 600
    viewers = [asyncio.create_task(watch(log, last, pause=random.random() * 2)) for _ in range(400)]
    written = 0
    while written < last:
        count = min(random.randint(1, 8), last - written)
        pipeline = async_redis().pipeline(transaction=False)
        for event in log.events(written + 1, written + count):
            pipeline.xadd(log.key, log.cipher.seal(event), id=f"{event.seq}-0")
        await pipeline.execute()
        written += count
        await asyncio.sleep(0.01)

    async with asyncio.timeout(60):
        views = await asyncio.gather(*viewers)

    assert [view for view in views if view != list(range(1, last + 1))] == []


async def own(run_id):
    """The log of a run that is made in this process."""
    return await log_writer().open(run_id)


def say(written, *words):
    """Say words, each as an event of its own."""
    for word in words:
        written.text(word)
        written.gather()


@pytest.fixture
def _deaf(monkeypatch):
    """Nothing may be read from Redis here."""

    def refuse():
        raise AssertionError("Redis was read.")

    monkeypatch.setattr(viewer_module, "async_redis", refuse)


@pytest.mark.usefixtures("_deaf")
async def test_what_is_written_here_is_heard_by_those_who_were_there_and_who_come_later(log):
    early, written = viewer_of(log), await own(log.run_id)
    say(written, "a", "b")
    assert await seen(early, 2) == [1, 2]
    assert sync_redis().xlen(log.key) == 2

    late, last = viewer_of(log), viewer_of(log, after=2)
    say(written, "c")

    assert await seen(late, 3) == [1, 2, 3]
    assert await seen(early, 1) == await seen(last, 1) == [3]
    assert log_reader().positions == {}


@pytest.mark.usefixtures("_deaf")
async def test_who_falls_behind_what_is_written_here_misses_nothing(log):
    slow, written, count = viewer_of(log), await own(log.run_id), LONGEST_QUEUE + 2 * PAGE
    say(written, *map(str, range(count)))
    await written.flush()

    assert len(slow.queue) == LONGEST_QUEUE
    assert await seen(slow, count) == list(range(1, count + 1))


async def test_nothing_is_heard_before_redis_has_it(log, monkeypatch):
    written, viewer = await own(log.run_id), viewer_of(log)
    say(written, "a")
    await seen(viewer, 1)
    execute = Pipeline.execute

    async def lose(self, *args, **about):
        raise ConnectionLost

    monkeypatch.setattr(Pipeline, "execute", lose)
    say(written, "b")
    assert await viewer.take(0.3) == []
    assert written.written_after(0, PAGE)[-1].seq == 1

    monkeypatch.setattr(Pipeline, "execute", execute)
    assert await seen(viewer, 1) == [2]


async def test_a_log_that_is_taken_up_here_and_left_to_others_is_seen_whole(log):
    log.write(1, 2)
    viewer = viewer_of(log)
    assert await seen(viewer, 2) == [1, 2]

    written = await own(log.run_id)
    say(written, "c", "d")
    assert await seen(viewer, 2) == [3, 4]
    # Redis may have told them before we did.
    await wait_until_async(lambda: viewer.key not in log_reader().positions)

    written.abandon()
    log.write(5, 6)
    assert await seen(viewer, 2) == [5, 6]
    assert viewer.key in log_reader().positions


async def test_the_end_by_somebody_else_is_seen_by_those_who_heard_us(log):
    written, viewer = await own(log.run_id), viewer_of(log)
    say(written, "a")
    await seen(viewer, 1)
    log.write(2, 2)

    say(written, "b")

    assert [event.data for event in await viewer.take(20)] == [b'{"text":"2"}']
    assert written.given_up
