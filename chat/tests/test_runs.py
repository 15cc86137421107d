"""Runs from the question to the last event, on real PostgreSQL and Redis."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import timedelta
from uuid import uuid4

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from chat import services
from chat.agent.exceptions import ModelUnavailable
from chat.agent.types import ReasoningDelta, TextDelta, ToolCall, Usage
from chat.enums import RunStatus, ToolRunStatus
from chat.events import Event, log_key
from chat.models import Message, Run, ToolRun
from chat.runs.log.run_log import LogCipher, LogUnreadable
from chat.runs.manager import launch, request_stop, run_manager
from chat.runs.stream import view_run
from chat.runs.sweeper import interrupt_stalled_runs
from chat.tests.factories import RunFactory, SessionFactory
from chat.tests.fakes import ScriptedModel
from chat.tests.run_support import stored
from youworker.core.leases import lease_end
from youworker.core.per_loop import close_all
from youworker.core.redis import async_redis, sync_redis
from youworker.tests.support.leases import let_leases_end
from youworker.tests.support.waiting import PATIENCE_SECONDS, wait_until_async

pytestmark = pytest.mark.django_db(transaction=True)


async def ask(text="How?", **options):
    session = await sync_to_async(SessionFactory)()
    post = sync_to_async(services.post_message)
    posted = await post(session, text=text, options=options, actor=session.user)
    await launch(posted.run_id)
    return posted.run_id


async def watched(run_id, after=0):
    events = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        async with aclosing(view_run(run_id, after=after)) as batches:
            async for batch in batches:
                events += [(event.seq, event.type, orjson.loads(event.data)) for event in batch]
    return events


def texts(events, kind="token"):
    return "".join(data["text"] for _, type_, data in events if type_ == kind)


async def test_events_are_numbered_without_gaps_and_end_with_done(spoken_by):
    words = [TextDelta(f"word{n} ") for n in range(200)]
    spoken_by(ScriptedModel([[ReasoningDelta("Hm."), 0.05, *words, Usage(7, 200)]]))

    run_id = await ask()
    events = await watched(run_id)
    run = await stored(run_id)

    assert [seq for seq, _, _ in events] == list(range(1, len(events) + 1))
    assert [kind for _, kind, _ in events].count("done") == 1
    assert events[-1][1] == "done"
    assert texts(events) == run.answer.content == "".join(word.text for word in words)
    assert texts(events, "reasoning") == run.answer.reasoning == "Hm."
    assert (run.status, run.tokens_in, run.tokens_out) == (RunStatus.SUCCEEDED, 7, 200)
    assert events[-1][2]["message"]["content"] == run.answer.content
    assert run.ttft_ms >= 50


async def test_viewers_see_the_same_from_any_point(spoken_by):
    turn = [event for n in range(30) for event in (TextDelta(f"{n} "), 0.02)]
    spoken_by(ScriptedModel([turn]))

    run_id = await ask()
    early = asyncio.create_task(watched(run_id))
    await asyncio.sleep(0.3)
    late = await watched(run_id)
    first = await early
    resumed = await watched(run_id, after=5)

    assert first == late
    assert resumed == first[5:]


async def test_a_viewer_that_leaves_does_not_end_the_run(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("a"), 0.3, TextDelta("b")]]))

    run_id = await ask()
    async with aclosing(view_run(run_id)) as batches:
        async for batch in batches:
            if batch:
                break
    events = await watched(run_id)

    assert texts(events) == "ab"


async def test_a_stop_from_another_process_ends_the_run_within_a_second(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("so far"), 60.0, TextDelta("never")]]))
    run_id = await ask()
    await asyncio.sleep(0.2)

    assert await sync_to_async(Run.objects.filter(pk=run_id).request_stop)() == 1
    start = asyncio.get_running_loop().time()
    events = await watched(run_id)

    assert asyncio.get_running_loop().time() - start < 5
    assert events[-1][2]["status"] == "stopped"
    run = await stored(run_id)
    assert (run.status, run.answer.content) == (RunStatus.STOPPED, "so far")


async def test_a_stop_in_the_same_process_is_immediate(spoken_by):
    spoken_by(ScriptedModel([[600.0]]))
    run_id = await ask()
    await asyncio.sleep(0.2)

    await request_stop(run_id)
    events = await watched(run_id)

    await asyncio.gather(*run_manager().tasks)
    assert events[-1][2]["status"] == "stopped"
    assert run_manager().stops == {}


async def test_a_model_that_fails_ends_the_run_with_its_sentence(spoken_by):
    broken = ModelUnavailable("The model server does not answer.")
    spoken_by(ScriptedModel([[TextDelta("half "), 0.05, broken]]))

    run_id = await ask()
    events = await watched(run_id)
    run = await stored(run_id)

    assert (run.status, run.error_code) == (RunStatus.FAILED, "model_unavailable")
    assert run.answer.content == "half "
    assert events[-1][2]["error"]["detail"] == "The model server does not answer."


async def test_an_endless_answer_ends_with_a_code_and_what_was_said(spoken_by, configured):
    configured("agent", max_answer_chars=1000)
    spoken_by(ScriptedModel([[TextDelta("word ") for _ in range(5000)]]))

    run_id = await ask()
    events = await watched(run_id)
    run = await stored(run_id)

    assert (run.status, run.error_code) == (RunStatus.FAILED, "answer_too_large")
    assert run.answer.content == texts(events) == "word " * 201
    assert events[-1][2]["error"]["code"] == "answer_too_large"


@pytest.mark.parametrize(
    ("limit", "code", "words"),
    [
        ({"max_iterations": 2}, "turn_limit_reached", "after 2 turns"),
        ({"max_calls": 2}, "call_limit_reached", "after 2 tool calls"),
        ({"max_tokens": 100}, "token_limit_reached", "after 100 tokens"),
        ({"max_seconds": 1.0}, "time_limit_reached", "after 1 seconds"),
    ],
)
async def test_each_limit_ends_a_run_in_its_own_way_with_its_text(
    spoken_by, configured, limit, code, words
):
    configured("agent", **limit)
    pause = [0.3] if "max_seconds" in limit else []
    turns = [
        [TextDelta(f"Part {n}."), *pause, ToolCall(f"c{n}", "unknown", {"n": n}), Usage(40, 20)]
        for n in range(9)
    ]
    spoken_by(ScriptedModel(turns))

    run_id = await ask()
    events = await watched(run_id)
    run = await stored(run_id)

    assert (run.status, run.error_code) == (RunStatus.FAILED, code)
    assert words in run.error_detail
    assert run.answer.content == texts(events)
    assert run.answer.content.startswith("Part 0.\n\nPart 1.")
    assert events[-1][2]["error"] == {"code": code, "detail": run.error_detail}


async def test_our_own_mistakes_are_not_shown(spoken_by, caplog):
    spoken_by(ScriptedModel([[RuntimeError("secret detail")]]))

    run_id = await ask()
    events = await watched(run_id)

    assert "secret detail" not in str(events)
    assert (await stored(run_id)).error_code == "internal_error"
    assert "an answer failed" in caplog.text


async def test_the_partial_answer_is_saved_while_it_grows(spoken_by, monkeypatch):
    spoken_by(ScriptedModel([[TextDelta("begun"), 600.0]]))

    run_id = await ask()

    async def is_begun():
        return (await stored(run_id)).answer.content == "begun"

    await wait_until_async(is_begun)
    growing = (await stored(run_id)).status
    await request_stop(run_id)
    await watched(run_id)

    assert growing == RunStatus.RUNNING


async def test_tools_are_called_for_the_user_and_recorded(spoken_by):
    call = ToolCall("c", "datetime_now", {"time_zone": "Europe/Rome"})
    model = spoken_by(ScriptedModel([[call], [TextDelta("Noon.")]]))
    tools = await sync_to_async(safe_names)()
    call.name = tools["datetime.now"]

    run_id = await ask()
    events = await watched(run_id)

    row = await ToolRun.objects.aget()
    steps = [data["status"] for _, kind, data in events if kind == "tool"]
    assert steps == ["start", "end"]
    assert (row.tool_name, row.status) == ("datetime.now", ToolRunStatus.SUCCEEDED)
    assert row.arguments == {"time_zone": "Europe/Rome"}
    assert row.run_id == run_id
    assert "<untrusted" in model.seen[1][-1].content


async def test_an_unknown_tool_is_told_to_the_model(spoken_by):
    call = ToolCall("c", "rm_rf", {})
    model = spoken_by(ScriptedModel([[call], [TextDelta("Sorry.")]]))

    run_id = await ask()
    events = await watched(run_id)

    assert "There is no tool 'rm_rf'" in model.seen[1][-1].content
    assert (await ToolRun.objects.aget()).status == ToolRunStatus.FAILED
    assert events[-1][2]["status"] == "succeeded"


def safe_names():
    from accounts.tests.factories import UserFactory
    from mcp.services import usable_tools

    return {tool.name: tool.safe_name for tool in usable_tools(UserFactory())}


async def test_history_follows_the_branch_of_the_question(spoken_by):
    model = spoken_by(ScriptedModel([[TextDelta("one")], [TextDelta("two")]]))
    session = await sync_to_async(SessionFactory)()
    post = sync_to_async(services.post_message)
    first = await post(session, text="first", actor=session.user)
    await launch(first.run_id)
    await watched(first.run_id)

    second = await post(session, text="second", actor=session.user)
    await launch(second.run_id)
    await watched(second.run_id)

    said = [(message.role, message.content) for message in model.seen[1][1:]]
    assert said == [("user", "first"), ("assistant", "one"), ("user", "second")]


async def test_a_finished_run_without_its_log_is_told_from_the_database(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("kept")]]))
    run_id = await ask()
    await watched(run_id)
    await async_redis().delete(log_key(run_id))
    finished = timezone.now() - timedelta(minutes=5)
    await Run.objects.filter(pk=run_id).aupdate(finished_at=finished)

    events = await watched(run_id)

    assert texts(events) == "kept"
    assert [seq for seq, _, _ in events] == list(range(1, len(events) + 1))
    assert events[-1][1] == "done"


async def test_events_survive_a_redis_that_came_back_empty(spoken_by, monkeypatch):
    spoken_by(ScriptedModel([[TextDelta("before "), 0.4, TextDelta("after")]]))
    run_id = await ask()
    await asyncio.sleep(0.2)
    await async_redis().flushdb()

    events = await watched(run_id)

    assert texts(events) == "before after"


def stalled_run():
    run = RunFactory(status=RunStatus.RUNNING)
    let_leases_end(Run.objects.filter(pk=run.pk))
    return run


def test_stalled_runs_are_interrupted_and_keep_the_text_of_the_log():
    run, alive = stalled_run(), RunFactory(status=RunStatus.RUNNING, lease_until=lease_end(60))
    run.answer.content = "the beg"
    run.answer.save_fields("content")
    for seq, text in enumerate(["the beginning", " and more"], 1):
        event = Event(seq, "token", orjson.dumps({"text": text}))
        sync_redis().xadd(log_key(run.pk), LogCipher(run.pk).seal(event), id=f"{seq}-0")

    assert interrupt_stalled_runs() == 1

    run.refresh_from_db()
    last = sync_redis().xrevrange(log_key(run.pk), count=1)[0]
    assert run.status == RunStatus.INTERRUPTED
    assert Message.objects.get(pk=run.answer_id).content == "the beginning and more"
    assert (last[0], last[1][b"t"]) == (b"3-0", b"done")
    assert Run.objects.get(pk=alive.pk).status == RunStatus.RUNNING


async def test_nothing_of_a_log_is_readable_and_entries_open_in_their_place_only(spoken_by):
    spoken_by(ScriptedModel([[ReasoningDelta("hush"), TextDelta("secret")]]))
    run_id, other = await ask(), uuid4()
    await watched(run_id)

    rows = await async_redis().xrange(log_key(run_id))
    identifier, fields = rows[-1]

    assert b"secret" not in str(rows).encode()
    assert b"hush" not in str(rows).encode()
    assert [LogCipher(run_id).open(row).seq for row in rows] == list(range(1, len(rows) + 1))
    for cipher, row in (
        (LogCipher(other), rows[-1]),
        (LogCipher(run_id), (b"99-0", fields)),
        (LogCipher(run_id), (identifier, {**fields, b"t": b"token"})),
        (LogCipher(run_id), (identifier, {b"t": b"done", b"d": b'{"status":"succeeded"}'})),
        (LogCipher(run_id), (identifier, {b"w": b"1"})),
    ):
        with pytest.raises(LogUnreadable):
            cipher.open(row)


async def test_a_log_of_a_key_that_is_gone_is_told_from_the_database(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("kept")]]))
    run_id = await ask()
    whole = await watched(run_id)
    finished = timezone.now() - timedelta(minutes=5)
    await Run.objects.filter(pk=run_id).aupdate(finished_at=finished)
    key = log_key(run_id)
    seal_with_a_lost_key(await async_redis().xrange(key), key)
    await close_all()

    events = await watched(run_id)

    assert texts(events) == "kept"
    assert [seq for seq, _, _ in events] == list(range(1, len(events) + 1))
    assert events[-1][1:] == whole[-1][1:]


@pytest.mark.slow
async def test_a_viewer_of_an_unreadable_entry_gets_the_end_from_the_database(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("so far"), 600.0]]))
    run_id = await ask()
    events = []

    async with asyncio.timeout(PATIENCE_SECONDS), aclosing(view_run(run_id)) as batches:
        async for batch in batches:
            seen = bool(texts(events))
            events += [(event.seq, event.type, orjson.loads(event.data)) for event in batch]
            if texts(events) and not seen:
                await async_redis().xadd(log_key(run_id), {"t": "token", "d": "x"}, id="50-0")
                await request_stop(run_id)

    assert texts(events) == "so far"
    assert [kind for _, kind, _ in events].count("done") == 1
    assert events[-1][2]["message"]["content"] == "so far"


def test_an_unreadable_log_leaves_the_saved_text_of_a_stalled_run():
    run = stalled_run()
    run.answer.content = "saved"
    run.answer.save_fields("content")
    good = Event(1, "token", orjson.dumps({"text": "a longer text than was saved"}))
    sync_redis().xadd(log_key(run.pk), LogCipher(run.pk).seal(good), id="1-0")
    sync_redis().xadd(log_key(run.pk), {"t": "token", "d": b"damage"}, id="2-0")

    assert interrupt_stalled_runs() == 1

    assert Message.objects.get(pk=run.answer_id).content == "saved"


def seal_with_a_lost_key(rows, key):
    """Write a log again as if with a key that nobody has any more."""
    sync_redis().delete(key)
    foreign = LogCipher(uuid4())
    for identifier, fields in rows:
        event = Event(int(identifier.split(b"-")[0]), fields[b"t"].decode(), b"{}")
        sync_redis().xadd(key, foreign.seal(event), id=identifier)


def test_an_interrupted_run_is_not_ended_twice():
    run = stalled_run()

    assert interrupt_stalled_runs() == 1
    assert interrupt_stalled_runs() == 0
    assert not Run.objects.finish(run.pk, RunStatus.SUCCEEDED)


async def test_a_process_that_ends_in_order_keeps_everything(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("all of it"), 600.0]]))
    run_id = await ask()
    async with aclosing(view_run(run_id)) as batches:
        async for batch in batches:
            if any(event.type == "token" for event in batch):
                break

    for task in run_manager().tasks:
        task.cancel()
    await asyncio.gather(*run_manager().tasks, return_exceptions=True)

    run = await stored(run_id)
    assert (run.status, run.answer.content) == (RunStatus.INTERRUPTED, "all of it")
