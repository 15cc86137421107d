"""Runs that somebody else ended, and a database that hangs or is away."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from datetime import timedelta
from unittest import mock
from uuid import uuid4

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.db import DataError, connection
from django.utils import timezone
from redis.exceptions import ResponseError

from chat.agent.types import MOST_TOKENS, TextDelta, ToolCall, Usage
from chat.enums import RunStatus, ToolRunStatus
from chat.events import Event, log_key
from chat.models import Citation, Message, Run, ToolRun
from chat.runs import executor, leases, store, sweeper, tool_calls
from chat.runs.judging import Judgement
from chat.runs.leases import LeaseLost, RunLease, write_to_database
from chat.runs.log.run_log import LogCipher
from chat.runs.manager import run_manager
from chat.runs.queue import claim_run
from chat.runs.sweeper import interrupt_stalled_runs
from chat.tests.factories import RunFactory, ToolRunFactory
from chat.tests.fakes import ScriptedModel
from chat.tests.run_support import ask, stored
from youworker.core.config import config
from youworker.core.leases import lease_end
from youworker.core.per_loop import close_all
from youworker.core.redis import async_redis, sync_redis
from youworker.tests.support.leases import let_leases_end
from youworker.tests.support.proxy import proxied
from youworker.tests.support.waiting import PATIENCE_SECONDS, wait_until_async

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _pool():
    """Each connection is made anew here, so that it goes where the database is at the moment."""


class EndlessModel:
    """Speaks for ever, and notes whether its stream was closed."""

    name = "endless"
    context_tokens = 8192

    def __init__(self):
        self.closed = asyncio.Event()

    async def stream(self, messages, *, tools):
        try:
            while True:
                yield TextDelta("on ")
                await asyncio.sleep(0.02)
        finally:
            self.closed.set()


async def ended(run_id):
    run = await stored(run_id)
    return None if run.is_active else run


async def saved_text(run_id):
    return (await stored(run_id)).answer.content


async def log_of(run_id):
    cipher = LogCipher(run_id)
    return [cipher.open(row) for row in await async_redis().xrange(log_key(run_id))]


async def all_done():
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*run_manager().tasks)


@sync_to_async
def let_lease_end(run_id, **options):
    let_leases_end(Run.objects.filter(pk=run_id), **options)


@contextmanager
def database_behind_a_proxy():
    """New connections lead through a proxy; those that are open stay as they are."""
    settings = connection.settings_dict
    direct = {name: settings[name] for name in ("HOST", "PORT")}
    path = f"{direct['HOST']}/.s.PGSQL.{direct['PORT'] or 5432}"
    with proxied(path) as proxy:
        settings.update(HOST="127.0.0.1", PORT=str(proxy.port))
        try:
            yield proxy
        finally:
            proxy.come_back()
            settings.update(direct)


def held_run(**fields):
    return RunFactory(status=RunStatus.RUNNING, lease_token=uuid4(), **fields)


async def test_who_lost_a_run_stops_at_once_and_writes_nothing_more(spoken_by):
    model = spoken_by(EndlessModel())
    run_id = await ask()
    await wait_until_async(lambda: saved_text(run_id))
    lease = run_manager().leases[run_id]
    await let_lease_end(run_id)

    assert await sync_to_async(interrupt_stalled_runs)() == 1
    run, before = await stored(run_id), await log_of(run_id)
    lease.asked_at -= config.agent.lease_seconds
    await all_done()
    after = await stored(run_id)

    assert model.closed.is_set()
    assert (run.status, run.lease_token) == (RunStatus.INTERRUPTED, None)
    assert after.answer.content == run.answer.content
    assert after.updated_at == run.updated_at
    assert [event.seq for event in await log_of(run_id)] == [event.seq for event in before]
    assert [event.type for event in before].count("done") == 1
    assert before[-1].type == "done"


async def test_after_a_pause_the_lease_is_looked_at_before_anything_is_logged(spoken_by):
    spoken_by(EndlessModel())
    run_id = await ask()
    await wait_until_async(lambda: log_of(run_id))
    manager = run_manager()
    keeper = mock.AsyncMock()
    with mock.patch.object(manager, "renew_leases", keeper):
        await asyncio.sleep(0.1)
        manager.leases[run_id].asked_at -= config.agent.lease_seconds
        await asyncio.sleep(0.1)  # what was on its way is written
        before = len(await log_of(run_id))
        await asyncio.sleep(0.5)

        assert len(await log_of(run_id)) == before

    async def goes_on():
        return len(await log_of(run_id)) > before

    await wait_until_async(goes_on)
    assert not manager.leases[run_id].lost.is_set()


async def test_nothing_can_be_appended_to_the_log_of_an_interrupted_run(spoken_by):
    run = await sync_to_async(held_run)()
    await async_redis().xadd(log_key(run.pk), {"t": "run", "d": b""}, id="1-0")

    await sync_to_async(sweeper.append_end)(run.pk)
    await sync_to_async(sweeper.append_end)(run.pk)

    with pytest.raises(ResponseError):
        await async_redis().xadd(log_key(run.pk), {"t": "token", "d": b""}, id="9-0")
    rows = await async_redis().xrange(log_key(run.pk))
    assert [row[0] for row in rows] == [b"1-0", b"2-0"]


async def test_answers_are_finished_when_the_database_comes_back(spoken_by, monkeypatch):
    monkeypatch.setattr(leases, "LONGEST_PAUSE", 0.2)
    spoken_by(ScriptedModel([[TextDelta("All of it."), 0.5, Usage(7, 3)]]))
    await Run.objects.acount()  # the test's own connection stays as it is
    with database_behind_a_proxy() as proxy:
        run_id = await ask()
        await wait_until_async(lambda: log_of(run_id))
        proxy.leave()
        await asyncio.sleep(1.5)
        assert (await stored(run_id)).status == RunStatus.RUNNING
        proxy.come_back()
        await all_done()

    run = await stored(run_id)
    events = [event.type for event in await log_of(run_id)]
    assert (run.status, run.answer.content) == (RunStatus.SUCCEEDED, "All of it.")
    assert (run.tokens_in, run.tokens_out) == (7, 3)
    assert events.count("done") == 1


@pytest.mark.slow
async def test_a_database_that_hung_longer_than_a_lease_ends_nothing(spoken_by, configured):
    configured("agent", lease_seconds=3)
    spoken_by(ScriptedModel([[TextDelta("word "), 6.0, TextDelta("end"), Usage(1, 2)]]))
    await Run.objects.acount()  # the test's own connection stays as it is
    with database_behind_a_proxy() as proxy:
        run_id = await ask()
        await wait_until_async(lambda: saved_text(run_id))
        proxy.hang()

        async def expired():
            return await Run.objects.expired().filter(pk=run_id).aexists()

        await wait_until_async(expired)
        assert await sync_to_async(interrupt_stalled_runs)() == 0
        proxy.come_back()
        await all_done()

    run = await stored(run_id)
    assert (run.status, run.answer.content) == (RunStatus.SUCCEEDED, "word end")
    assert run.lease_suspected_at is None


def test_a_run_is_ended_at_the_second_look_only():
    run = held_run()
    let_leases_end(Run.objects.all(), seen=False)

    assert interrupt_stalled_runs() == 0
    assert interrupt_stalled_runs() == 0  # at once: not another look
    let_leases_end(Run.objects.all())
    assert interrupt_stalled_runs() == 1

    run.refresh_from_db()
    assert run.error_code == "interrupted"


def test_a_run_that_came_back_between_two_looks_goes_on():
    run = held_run()
    let_leases_end(Run.objects.all(), seen=False)
    interrupt_stalled_runs()

    held = Run.objects.renew_held({run.pk: run.lease_token}, seconds=20)
    again = let_leases_end(Run.objects.all(), seen=False)

    assert (held, again) == ({run.pk}, 1)
    assert interrupt_stalled_runs() == 0


def test_a_lease_that_is_renewed_while_it_is_ended_is_kept():
    run = held_run()
    let_leases_end(Run.objects.all())
    stalled = Run.objects.stalled().get()

    Run.objects.renew_held({run.pk: run.lease_token}, seconds=20)

    assert not sweeper.interrupt(stalled)
    assert Run.objects.get().status == RunStatus.RUNNING


def test_a_text_that_was_saved_last_is_not_replaced_by_less_of_the_log():
    run = held_run()
    event = Event(1, "token", orjson.dumps({"text": "They stream its log. And"}))
    sync_redis().xadd(log_key(run.pk), LogCipher(run.pk).seal(event), id="1-0")
    let_leases_end(Run.objects.all())
    stalled = Run.objects.stalled().select_related("answer").get()
    assert store.save_partials([(run, "They stream its log. And then some.", "")]) == {run.pk}

    assert sweeper.interrupt(stalled)

    assert Message.objects.get(pk=run.answer_id).content == "They stream its log. And then some."


@pytest.mark.parametrize("skew", [timedelta(seconds=25), -timedelta(seconds=25)])
def test_a_clock_that_is_wrong_ends_and_keeps_nothing(skew, monkeypatch):
    alive, dead = held_run(lease_until=lease_end(20)), held_run()
    let_leases_end(Run.objects.filter(pk=dead.pk))
    wrong = timezone.now() + skew
    monkeypatch.setattr(timezone, "now", lambda: wrong)

    interrupt_stalled_runs()
    Run.objects.filter(pk=alive.pk).update(lease_suspected_at=lease_end(-60))
    interrupt_stalled_runs()
    queued = RunFactory(status=RunStatus.QUEUED, lease_until=None)
    claim_run(queued.pk, uuid4(), seconds=20)

    monkeypatch.undo()
    until = Run.objects.get(pk=queued.pk).lease_until - timezone.now()
    assert Run.objects.get(pk=alive.pk).status == RunStatus.RUNNING
    assert Run.objects.get(pk=dead.pk).status == RunStatus.INTERRUPTED
    assert timedelta(0) < until <= timedelta(seconds=20)


def test_only_lost_leases_are_not_renewed():
    mine, lost, finished = held_run(), held_run(), held_run()
    Run.objects.filter(pk=lost.pk).update(status=RunStatus.INTERRUPTED, lease_token=None)
    Run.objects.held(finished.lease_token).finish(finished.pk, RunStatus.SUCCEEDED)
    tokens = {run.pk: run.lease_token for run in (mine, lost, finished)}

    held = Run.objects.renew_held(tokens, seconds=20)

    assert held == {mine.pk, finished.pk}


def test_a_claim_can_be_repeated_by_its_process_only():
    run, token = RunFactory(status=RunStatus.QUEUED), uuid4()

    assert claim_run(run.pk, token, seconds=20)
    assert claim_run(run.pk, token, seconds=20)
    assert not claim_run(run.pk, uuid4(), seconds=20)


def finish(run, **figures):
    given = {"tokens_in": 1, "tokens_out": 2, "iterations": 1, **figures}
    return store.finish_run(run, RunStatus.SUCCEEDED, None, **given)


def test_finishing_again_is_true_for_who_finished_and_counts_once():
    run, other = held_run(), held_run()
    Run.objects.filter(pk=other.pk).update(status=RunStatus.INTERRUPTED, lease_token=None)

    assert finish(run)
    assert finish(run)
    assert not finish(other)
    assert run.user.token_usage.get().tokens_out == 2
    assert run.user.usage_events.get().outcome == RunStatus.SUCCEEDED


@pytest.mark.parametrize(("iterations", "name"), [(0, ""), (1, "some-model")])
def test_a_run_that_was_cut_off_is_counted_once_with_what_it_used(iterations, name):
    figures = {"model": "some-model", "tokens_in": 5 * iterations, "tokens_out": 2 * iterations}
    run = held_run(iterations=iterations, **figures)

    assert store.fail_run(run.pk, run.lease_token, "It broke.")
    assert not store.fail_run(run.pk, run.lease_token, "It broke.")

    event = run.user.usage_events.get()
    assert (event.outcome, event.name, event.duration_ms) == ("failed", name, None)
    assert (event.tokens_in, event.tokens_out) == (figures["tokens_in"], figures["tokens_out"])
    assert run.user.token_usage.count() == iterations


def test_an_older_text_never_replaces_the_last_one():
    run = held_run()
    late = Run.objects.select_related("answer").get(pk=run.pk)
    run.answer.content = "the whole text"
    assert store.save_partials([(late, "the", "")]) == {late.pk}
    assert (late.answer.content, run.answer.content) == ("They stream its log.", "the whole text")

    finish(run)

    assert store.save_partials([(late, "the who", "")]) == set()
    assert Message.objects.get(pk=run.answer_id).content == "the whole text"


def test_no_tool_call_begins_or_changes_after_the_end_of_its_run():
    run = held_run()
    row = tool_calls.begin_tool_run(run, None, "server.tool", {})
    finish(run)

    with pytest.raises(LeaseLost):
        tool_calls.begin_tool_run(run, None, "server.tool", {})
    assert not tool_calls.end_tool_run(row, text="late", is_error=False, latency_ms=1)
    assert ToolRun.objects.get().status == ToolRunStatus.INTERRUPTED


async def test_a_tool_row_whose_task_was_cancelled_is_not_left_running(spoken_by, monkeypatch):
    started = asyncio.Event()
    loop, begin = asyncio.get_running_loop(), tool_calls.begin_tool_run

    def slow(*args, **options):
        loop.call_soon_threadsafe(started.set)
        while not Run.objects.exclude(status=RunStatus.RUNNING).exists():
            pass  # the thread goes on although its task was cancelled
        return begin(*args, **options)

    monkeypatch.setattr(tool_calls, "begin_tool_run", slow)
    spoken_by(ScriptedModel([[ToolCall("c", "x", {})]]))
    run_id = await ask()
    await started.wait()

    run_manager().stops[run_id].set()
    await all_done()
    await asyncio.sleep(0.2)

    assert (await stored(run_id)).status == RunStatus.STOPPED
    assert not await ToolRun.objects.filter(status=ToolRunStatus.RUNNING).aexists()


async def test_who_waits_for_the_database_learns_of_the_loss():
    lease = RunLease()

    def away():
        lease.lose()
        raise leases.OperationalError("away")

    with pytest.raises(LeaseLost):
        await write_to_database(lease, away)


@pytest.mark.parametrize(
    ("told", "counted"), [((2**40, 2**40), MOST_TOKENS), ((-5, -5), 0)], ids=["huge", "negative"]
)
async def test_counts_no_model_can_mean_are_cut_off(spoken_by, told, counted):
    spoken_by(ScriptedModel([[TextDelta("said"), Usage(*told)]]))

    run_id = await ask()
    await all_done()

    run = await stored(run_id)
    assert (run.status, run.tokens_in, run.tokens_out) == (RunStatus.SUCCEEDED, counted, counted)


async def test_a_clock_set_back_while_the_user_waits_changes_nothing(spoken_by, monkeypatch):
    spoken_by(ScriptedModel([[0.3, TextDelta("said")]]))
    real = timezone.now
    run_id = await ask()
    monkeypatch.setattr(timezone, "now", lambda: real() - timedelta(seconds=5))

    await all_done()

    run = await stored(run_id)
    assert run.status == RunStatus.SUCCEEDED
    assert run.ttft_ms >= 300
    assert run.finished_at > run.started_at


@pytest.mark.parametrize(("days", "counted"), [(-400, 86_400_000), (400, 0)])
def test_a_clock_set_before_a_run_was_taken_leaves_a_figure_that_can_be_stored(days, counted):
    run = held_run(created_at=timezone.now() + timedelta(days=days))

    assert executor.waited_ms(run) == counted
    assert finish(run, ttft_ms=counted)


async def test_citations_nobody_can_store_cost_the_run_its_sources_only(spoken_by, monkeypatch):
    def unstorable(answer, *_):
        about = {"index": 1, "title": "x", "quote": "q", "page": "seven", "supported": 1}
        return Judgement([Citation(message=answer, **about)], [])

    monkeypatch.setattr(store, "judge", unstorable)
    spoken_by(ScriptedModel([[TextDelta("As it says [1]."), Usage(7, 3)]]))

    run_id = await ask()
    await all_done()

    run = await stored(run_id)
    events = await log_of(run_id)
    assert (run.status, run.error_code) == (RunStatus.FAILED, "answer_not_stored")
    assert (run.answer.content, run.tokens_out) == ("As it says [1].", 3)
    assert orjson.loads(events[-1].data)["error"]["code"] == "answer_not_stored"
    assert not await Citation.objects.aexists()


async def test_citations_are_looked_up_again_when_a_document_went(spoken_by, monkeypatch):
    found = iter([Judgement([{"no": "citation"}], []), Judgement([], [])])
    monkeypatch.setattr(store, "judge", lambda *_: next(found))
    spoken_by(ScriptedModel([[TextDelta("said")]]))

    run_id = await ask()
    await all_done()

    assert (await stored(run_id)).status == RunStatus.SUCCEEDED


async def test_a_run_that_breaks_down_is_ended_and_not_left_to_the_sweeper(spoken_by, monkeypatch):
    def broken(*_args, **_figures):
        raise DataError("unstorable")

    monkeypatch.setattr(store, "finish_run", broken)
    spoken_by(ScriptedModel([[TextDelta("said"), float(config.agent.save_seconds) + 0.5]]))

    run_id = await ask()
    await all_done()

    run = await stored(run_id)
    events = [event.type for event in await log_of(run_id)]
    assert (run.status, run.error_code) == (RunStatus.FAILED, "internal_error")
    assert run.answer.content == "said"
    assert events.count("done") == 1


async def test_an_answer_that_is_being_stored_at_shutdown_is_stored(spoken_by, monkeypatch):
    storing, finish_run, loop = asyncio.Event(), store.finish_run, asyncio.get_running_loop()

    def slow(*args, **figures):
        loop.call_soon_threadsafe(storing.set)
        return finish_run(*args, **figures)

    monkeypatch.setattr(store, "finish_run", slow)
    spoken_by(ScriptedModel([[TextDelta("said"), Usage(1, 2)]]))
    run_id = await ask()
    await storing.wait()

    for task in run_manager().tasks:
        task.cancel()
    await asyncio.gather(*run_manager().tasks, return_exceptions=True)

    run = await stored(run_id)
    assert (run.status, run.answer.content) == (RunStatus.SUCCEEDED, "said")
    assert [event.type for event in await log_of(run_id)].count("done") == 1


async def test_a_process_can_end_while_the_database_is_away(spoken_by, monkeypatch):
    monkeypatch.setattr(executor, "LAST_SECONDS", 0.3)
    spoken_by(ScriptedModel([[TextDelta("said"), 600.0]]))
    await Run.objects.acount()  # the test's own connection stays as it is
    with database_behind_a_proxy() as proxy:
        run_id = await ask()
        await wait_until_async(lambda: saved_text(run_id))
        proxy.leave()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await close_all()

    run = await stored(run_id)
    assert (run.status, run.answer.content) == (RunStatus.RUNNING, "said")


def test_orphans_of_an_interrupted_run_are_ended():
    run = held_run()
    ToolRunFactory(run=run, user=run.user, status=ToolRunStatus.RUNNING)
    let_leases_end(Run.objects.all())

    assert interrupt_stalled_runs() == 1

    assert ToolRun.objects.get().status == ToolRunStatus.INTERRUPTED
    assert sync_redis().exists(log_key(run.pk))
