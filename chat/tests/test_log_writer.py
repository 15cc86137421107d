"""Writing event logs: what was said gets into Redis once and in order, whatever Redis does."""

from __future__ import annotations

import asyncio
import logging
import time
import tracemalloc
from uuid import uuid4

import orjson
import pytest
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError

from chat.events import Event
from chat.runs.log import writer
from chat.runs.log.run_log import LogCipher
from chat.runs.log.writer import PAGE, log_writer
from youworker.core.redis import async_redis, sync_redis
from youworker.tests.support.waiting import wait_until_async

pytestmark = pytest.mark.django_db


async def opened():
    return await log_writer().open(uuid4())


def say(log, *words):
    """Say words, each as an event of its own."""
    for word in words:
        log.text(word)
        log.gather()


def stored(log):
    """The numbers and texts that Redis has."""
    rows = sync_redis().xrange(log.key)
    events = [LogCipher(log.run_id).open(row) for row in rows]
    return [(event.seq, orjson.loads(event.data)["text"]) for event in events]


def told(*words):
    return list(enumerate(words, 1))


def warnings_in(caplog, words):
    return sum(
        words in record.message for record in caplog.records if record.levelno >= logging.WARNING
    )


async def eventually(log, expected):
    """Wait until Redis has what it should have; it may have nothing, or be away, until then."""

    async def holds():
        return await asyncio.to_thread(stored, log) == expected

    await wait_until_async(holds, despite=(OSError, RedisError))


async def test_a_log_that_was_lost_while_nothing_is_said_is_written_again():
    log = await opened()
    say(log, "a", "b")
    await eventually(log, told("a", "b"))

    await async_redis().flushdb()

    await eventually(log, told("a", "b"))
    assert 0 < await async_redis().ttl(log.key) <= writer.unfinished_seconds()


async def test_a_log_that_was_lost_while_much_is_said_is_written_again():
    log = await opened()
    say(log, "a", "b")
    await eventually(log, told("a", "b"))
    await async_redis().flushdb()
    say(log, "c")
    await eventually(log, [(3, "c")]) if log.written < 3 else None

    say(log, "d")

    await eventually(log, told("a", "b", "c", "d"))


async def test_a_log_of_many_pages_is_written_again_whole():
    log, other = await opened(), await opened()
    words = [str(n) for n in range(2 * PAGE + 7)]
    say(log, *words)
    say(other, "o")
    log.writer.notice(log, urgent=True)
    await eventually(log, told(*words))

    await async_redis().delete(log.key)

    await eventually(log, told(*words))
    assert stored(other) == told("o")


@pytest.mark.parametrize("lost", [["1-0"], ["2-0"], ["1-0", "2-0"]])
async def test_a_log_of_which_a_part_was_lost_is_written_again(lost):
    log = await opened()
    say(log, "a", "b", "c")
    await eventually(log, told("a", "b", "c"))

    await async_redis().xdel(log.key, *lost)

    await eventually(log, told("a", "b", "c"))


async def test_a_log_that_is_lost_at_the_very_end_is_whole_when_it_closes():
    log = await opened()
    say(log, "a", "b")
    await eventually(log, told("a", "b"))
    await async_redis().flushdb()

    say(log, "c")
    await log.close()

    assert stored(log) == told("a", "b", "c")
    assert await async_redis().ttl(log.key) < writer.unfinished_seconds()
    assert log_writer().logs == log_writer().dirty == {}


async def test_something_else_under_the_name_of_a_log_is_replaced():
    log, other = await opened(), await opened()
    await async_redis().set(log.key, "no log")

    say(log, "a")
    say(other, "b")

    await eventually(log, told("a"))
    await eventually(other, told("b"))


ERRORS = {
    "OOM": (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
    "READONLY": (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
}


@pytest.mark.parametrize("kind", ERRORS)
async def test_an_error_of_redis_loses_nothing_and_is_logged_once(own_redis, caplog, kind):
    trouble, mend = ERRORS[kind]
    log = await opened()
    say(log, "a")
    await eventually(log, told("a"))
    await async_redis().execute_command(*trouble)

    for word in "bcd":
        say(log, word)
        log.writer.notice(log, urgent=True)
        await asyncio.sleep(writer.RETRY_SECONDS)
    assert stored(log) == told("a")
    await async_redis().execute_command(*mend)

    await eventually(log, told(*"abcd"))
    assert warnings_in(caplog, "cannot be written") == 1


async def test_a_redis_that_was_killed_gets_everything_again(own_redis, caplog):
    log = await opened()
    say(log, "a", "b")
    await eventually(log, told("a", "b"))

    own_redis.kill()
    say(log, "c")
    await asyncio.sleep(3 * writer.RETRY_SECONDS)
    own_redis.start()
    say(log, "d")

    await eventually(log, told(*"abcd"))
    assert warnings_in(caplog, "cannot be written") == 1


async def test_an_answer_that_is_lost_doubles_and_loses_nothing(monkeypatch):
    log = await opened()
    pipeline, losses = log.writer.redis.pipeline, 2

    def losing(**options):
        made = pipeline(**options)
        execute = made.execute

        async def executed(**how):
            nonlocal losses
            answers = await execute(**how)
            if answers and losses:
                losses -= 1
                raise ConnectionLost
            return answers

        made.execute = executed
        return made

    monkeypatch.setattr(log.writer.redis, "pipeline", losing)
    say(log, "a", "b")
    await asyncio.sleep(0.3)
    say(log, "c")

    await eventually(log, told("a", "b", "c"))
    assert not log.given_up
    assert losses == 0


async def test_a_log_that_somebody_else_ended_is_left_alone(caplog):
    log, other = await opened(), await opened()
    say(log, "a")
    await eventually(log, told("a"))
    end = LogCipher(log.run_id).seal(Event(2, "done", b'{"text":"ended"}'))
    await async_redis().xadd(log.key, end, id="2-0")

    say(log, "b")
    await log.close()
    say(other, "o")

    await eventually(other, told("o"))
    assert stored(log) == [(1, "a"), (2, "ended")]
    assert log.given_up
    assert caplog.text.count("ended by somebody else") == 1


async def test_a_log_that_is_taken_up_again_here_outlives_the_one_before():
    before = await opened()
    say(before, "a")
    await eventually(before, told("a"))

    log = await log_writer().open(before.run_id)
    say(before, "too late")
    before.abandon()
    await before.close()
    say(log, "b")
    await eventually(log, told("a", "b"))
    await async_redis().delete(log.key)

    # It is still looked after.
    await eventually(log, told("a", "b"))
    assert before.given_up
    assert log_writer().logs == {log.run_id: log}
    await log.close()
    assert not log_writer().dirty


async def test_a_log_that_has_entries_goes_on_after_the_last():
    before = await opened()
    say(before, "a", "b")
    await before.close()

    log = await log_writer().open(before.run_id)
    say(log, "c")
    await eventually(log, told("a", "b", "c"))
    await async_redis().flushdb()

    await eventually(log, told("a", "b", "c"))
    # It was to expire soon.
    assert await async_redis().ttl(log.key) > writer.config.agent.log_seconds


async def test_a_log_opens_while_redis_is_away(own_redis):
    own_redis.kill()
    log = await opened()
    say(log, "a")
    own_redis.start()

    await eventually(log, told("a"))


async def test_a_log_opens_soon_while_redis_is_silent(own_redis, monkeypatch):
    monkeypatch.setattr(writer, "OPEN_SECONDS", 0.1)
    await async_redis().ping()
    own_redis.silence()

    # Redis' own time-out would be fifty times that.
    async with asyncio.timeout(writer.DRAIN_SECONDS - 1):
        log = await opened()

    assert log.seq == 0


async def test_a_mistake_of_ours_ends_neither_the_writer_nor_the_order(monkeypatch, caplog):
    log, other = await opened(), await opened()
    seal, failures = log.cipher.seal, 2

    def failing(event):
        nonlocal failures
        if failures:
            failures -= 1
            raise ValueError("secret")
        return seal(event)

    monkeypatch.setattr(log.cipher, "seal", failing)
    log.text("a")
    log.writer.notice(log, urgent=True)
    say(other, "o")

    await eventually(log, told("a"))
    await eventually(other, told("o"))
    assert warnings_in(caplog, "cannot be written") == 1


async def test_what_is_remembered_of_a_log_is_little_more_than_its_text():
    log = await opened()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(2000):
        log.append("token", {"text": "word "})
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (after - before) / 2000 < 350


# A Redis of their own: it counts the commands of everybody, and tests run side by side.
@pytest.mark.usefixtures("own_redis")
async def test_checks_cost_one_command_a_second_however_often_is_written():
    log = await opened()
    start, commands = time.monotonic(), await async_redis().info("commandstats")
    before = commands.get("cmdstat_xlen", {"calls": 0})["calls"]
    for _ in range(30):
        say(log, "a")
        log.writer.notice(log, urgent=True)
        await asyncio.sleep(0.03)
    await eventually(log, told(*["a"] * 30))

    calls = (await async_redis().info("commandstats"))["cmdstat_xlen"]["calls"] - before

    assert calls <= (time.monotonic() - start) / writer.CHECK_SECONDS + 1


@pytest.mark.slow
@pytest.mark.usefixtures("own_redis")
async def test_the_writer_rests_when_no_log_is_open():
    log = await opened()
    say(log, "a")
    await log.close()
    calls = (await async_redis().info("commandstats"))["cmdstat_xlen"]["calls"]

    await asyncio.sleep(2 * writer.CHECK_SECONDS)

    assert (await async_redis().info("commandstats"))["cmdstat_xlen"]["calls"] == calls


@pytest.mark.parametrize(("took", "pause"), [(0.001, 0.025), (0.02, 0.06), (5.0, 0.08)])
async def test_deltas_gather_longer_the_longer_it_takes_to_write_them(took, pause):
    assert log_writer().pause_after(took) == pytest.approx(pause)


async def test_a_pause_that_was_asked_for_is_never_shortened():
    waiting = log_writer()
    waiting.shortest_pause = 0.5

    assert waiting.pause_after(0.001) == waiting.pause_after(5.0) == 0.5
