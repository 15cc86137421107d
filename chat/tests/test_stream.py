"""Viewing runs while Redis and the database come and go."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from datetime import timedelta
from uuid import uuid4

import orjson
import pytest
from django.db import OperationalError
from django.utils import timezone

from chat.agent.types import TextDelta
from chat.enums import RunStatus
from chat.events import Event, log_key
from chat.models import Run
from chat.runs import stream
from chat.runs.log import viewer
from chat.runs.log.run_log import LogCipher
from chat.runs.manager import run_manager
from chat.runs.stream import rest_of_finished, unsettled_runs, view_run
from chat.tests.factories import RunFactory
from chat.tests.fakes import ScriptedModel
from chat.tests.run_support import ask
from youworker.core.db import run_in_thread
from youworker.core.realtime import revocation
from youworker.core.redis import async_redis
from youworker.tests.support.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)


class Paced:
    """A model that says the next word when the test lets it."""

    name = "paced"
    context_tokens = 8192

    def __init__(self):
        self.words = asyncio.Queue()

    async def stream(self, messages, *, tools):
        while word := await self.words.get():
            yield TextDelta(word)

    def say(self, *words):
        for word in words:
            self.words.put_nowait(word)

    def end(self):
        self.words.put_nowait("")


@pytest.fixture
def paced(spoken_by):
    return spoken_by(Paced())


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(revocation, "PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(stream, "CHECK_SECONDS", 0.2)


class View:
    """A viewer in a task of its own, and what it has seen."""

    def __init__(self, run_id, after=0):
        self.events = []
        self.task = asyncio.create_task(self.look(run_id, after))

    async def look(self, run_id, after):
        async with (
            asyncio.timeout(PATIENCE_SECONDS),
            aclosing(view_run(run_id, after=after)) as batches,
        ):
            async for batch in batches:
                self.events += [(each.seq, each.type, orjson.loads(each.data)) for each in batch]

    @property
    def text(self):
        return "".join(data["text"] for _, kind, data in self.events if kind == "token")

    async def has_text(self, text):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.text != text:
                assert not self.task.done(), self.task
                await asyncio.sleep(0.02)

    async def ended(self):
        """The last event; the numbers before it have no gap."""
        await self.task
        assert [kind for _, kind, _ in self.events].count("done") == 1
        first = self.events[0][0]
        assert [seq for seq, _, _ in self.events] == [*range(first, first + len(self.events))]
        return self.events[-1][2]


async def test_a_viewer_goes_on_when_redis_was_killed(own_redis, paced):
    view = View(await ask())
    paced.say("before ")
    await view.has_text("before ")

    own_redis.kill()
    paced.say("during ")
    await asyncio.sleep(1)
    own_redis.start()
    paced.say("after")

    await view.has_text("before during after")
    paced.end()
    assert (await view.ended())["status"] == "succeeded"


async def test_a_viewer_that_comes_while_redis_is_away_sees_everything(own_redis, paced):
    run_id = await ask()
    paced.say("before ")
    await View(run_id).has_text("before ")
    own_redis.kill()

    view = View(run_id)
    await asyncio.sleep(1)
    assert not view.task.done()
    own_redis.start()
    paced.say("after")

    await view.has_text("before after")
    paced.end()
    assert (await view.ended())["message"]["content"] == "before after"


async def test_the_end_of_a_run_is_seen_without_redis(own_redis, paced, monkeypatch):
    monkeypatch.setattr(stream, "SETTLED", timedelta(0))
    view = View(await ask())
    paced.say("said")
    await view.has_text("said")

    own_redis.kill()
    paced.end()

    assert (await view.ended())["message"]["content"] == "said"


async def test_a_viewer_gets_signs_of_life_while_redis_is_silent(own_redis, paced, monkeypatch):
    monkeypatch.setattr(viewer, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(stream, "KEEPALIVE_SECONDS", 0.5)
    run_id = await ask()
    async with asyncio.timeout(PATIENCE_SECONDS), aclosing(view_run(run_id)) as batches:
        await anext(batches)
        own_redis.silence()
        for _ in range(3):
            assert await anext(batches) == []
    own_redis.kill()


ERRORS = {
    "OOM": (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
    "READONLY": (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
    "NOAUTH": (("CONFIG", "SET", "requirepass", "x"), None),
}


@pytest.mark.parametrize("kind", ERRORS)
async def test_a_viewer_outlives_what_redis_answers(own_redis, paced, kind):
    trouble, mend = ERRORS[kind]
    run_id = await ask()
    paced.say("before ")
    early = View(run_id)
    await early.has_text("before ")
    admin = async_redis().client()
    await admin.execute_command(*trouble)

    late = View(run_id)
    paced.say("during ")
    await asyncio.sleep(0.5)
    await admin.execute_command(*(mend or ("CONFIG", "SET", "requirepass", "")))
    await admin.aclose()
    paced.say("after")

    for view in (early, late):
        await view.has_text("before during after")
    paced.end()
    assert (await early.ended())["status"] == (await late.ended())["status"] == "succeeded"


async def test_a_later_viewer_of_an_emptied_log_sees_everything(paced):
    run_id = await ask()
    paced.say("before ")
    early = View(run_id)
    await early.has_text("before ")

    await async_redis().flushdb()
    paced.say("after")
    late = View(run_id)

    await late.has_text("before after")
    paced.end()
    for view in (early, late):
        assert (await view.ended())["message"]["content"] == "before after"


async def test_a_log_without_its_beginning_is_told_from_the_database(paced):
    run_id = await ask()
    view = View(run_id)
    paced.say("kept")
    await view.has_text("kept")
    paced.end()
    await view.ended()
    await asyncio.gather(*run_manager().tasks)
    await async_redis().xtrim(log_key(run_id), maxlen=1, approximate=False)
    await Run.objects.aupdate(finished_at=timezone.now() - timedelta(minutes=5))

    whole, rest = View(run_id), View(run_id, after=1)

    assert (await whole.ended())["message"]["content"] == whole.text == "kept"
    assert (await rest.ended())["message"]["content"] == "kept"
    assert [seq for seq, _, _ in rest.events] == [2]


@pytest.mark.parametrize("after", [3, 1000])
async def test_whoever_is_ahead_of_a_log_gets_what_comes_there_or_the_end(paced, after):
    run_id = await ask()
    paced.say("a")
    await View(run_id).has_text("a")

    view = View(run_id, after=after)
    paced.say("b")
    await asyncio.sleep(0.3)
    paced.end()
    await asyncio.gather(*run_manager().tasks)
    await Run.objects.aupdate(finished_at=timezone.now() - timedelta(minutes=5))

    assert (await view.ended())["message"]["content"] == "ab"
    assert view.events[0][0] == after + 1


async def test_a_run_that_has_not_begun_and_one_of_another_process_are_seen():
    run = await run_in_thread(RunFactory, status=RunStatus.QUEUED)
    view = View(run.pk)
    await asyncio.sleep(0.5)
    assert view.events == []

    for seq, kind in enumerate(("run", "token", "done"), 1):
        sealed = LogCipher(run.pk).seal(Event(seq, kind, b'{"text":"there"}'))
        await async_redis().xadd(log_key(run.pk), sealed, id=f"{seq}-0")

    await view.ended()
    assert view.text == "there"


async def test_the_database_may_be_away_when_a_run_has_ended(paced, monkeypatch, caplog):
    run = await run_in_thread(
        RunFactory,
        status=RunStatus.SUCCEEDED,
        finished_at=timezone.now() - timedelta(minutes=5),
    )
    failures = iter([OperationalError("secret")] * 3)

    def failing(*args):
        for failure in failures:
            raise failure
        return rest_of_finished(*args)

    monkeypatch.setattr(stream, "rest_of_finished", failing)

    assert (await View(run.pk).ended())["status"] == "succeeded"
    warnings = [each.message for each in caplog.records if each.levelno >= logging.WARNING]
    assert sum("cannot be looked up" in message for message in warnings) == 1
    assert "secret" not in caplog.text


def test_a_run_is_settled_some_seconds_after_its_end_or_when_it_is_gone():
    now = timezone.now()
    runs = {
        "queued": RunFactory(status=RunStatus.QUEUED),
        "running": RunFactory(status=RunStatus.RUNNING),
        "just ended": RunFactory(status=RunStatus.FAILED, finished_at=now),
        "ended": RunFactory(
            status=RunStatus.STOPPED, finished_at=now - stream.SETTLED - timedelta(seconds=1)
        ),
    }

    kept = unsettled_runs([run.pk for run in runs.values()] + [uuid4()])

    names = {name for name, run in runs.items() if run.pk in kept}
    assert names == {"queued", "running", "just ended"}
    assert rest_of_finished(runs["just ended"].pk, 0) == []
    assert rest_of_finished(runs["ended"].pk, 0)[-1].type == "done"


async def test_silent_viewers_ask_the_database_together(spoken_by, monkeypatch):
    spoken_by(ScriptedModel([[TextDelta("x"), 600.0]]))
    run_id, asked = await ask(), []

    def counting(pks):
        asked.append(set(pks))
        return unsettled_runs(pks)

    monkeypatch.setattr(stream.unsettled, "remaining", counting)
    views = [View(run_id) for _ in range(20)]
    for view in views:
        await view.has_text("x")
    asked.clear()
    start = asyncio.get_running_loop().time()
    await asyncio.sleep(1)
    looks = (asyncio.get_running_loop().time() - start) / revocation.PAUSE_SECONDS + 1

    assert 0 < len(asked) <= looks
    for view in views:
        view.task.cancel()
