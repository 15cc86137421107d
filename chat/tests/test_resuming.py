"""Runs that another process goes on with, and tool calls that wait to be allowed."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test import AsyncClient
from django.utils import timezone

from accounts.services import create_api_key
from accounts.tests.factories import UserFactory
from chat import approvals, services, tasks
from chat.agent.state import AgentState
from chat.agent.types import ReasoningDelta, TextDelta, ToolCall, Usage
from chat.deletion import clear_history
from chat.enums import Decision, RunStatus, ToolRunStatus
from chat.events import Event, log_key
from chat.exceptions import ApprovalClosed
from chat.models import Message, Run, ToolRun
from chat.runs import inputs, manager, store, sweeper, tool_errors, toolset
from chat.runs.log.run_log import LogCipher
from chat.runs.log.writer import LogWriter
from chat.runs.manager import launch, request_stop, run_manager
from chat.runs.queue import claim_queued
from chat.runs.sweeper import interrupt_stalled_runs, release_run
from chat.tests.factories import RunFactory, SessionFactory, ToolRunFactory
from chat.tests.fakes import ScriptedModel
from chat.tests.run_support import stored
from chat.tests.test_leases import all_done, held_run, log_of
from chat.tests.test_runs import safe_names, texts, watched
from documents.tests.factories import DocumentFactory, write
from mcp.calls import ToolOutcome
from mcp.models import Tool
from mcp.services import calling
from mcp.tests.factories import ToolFactory
from quotas.models import TokenUsage
from youworker.core.exceptions import NotFound
from youworker.core.per_loop import close_all
from youworker.core.redis import async_redis, sync_redis
from youworker.tests.support.leases import let_leases_end
from youworker.tests.support.waiting import wait_until_async

pytestmark = pytest.mark.django_db(transaction=True)


class Server:
    """A tool server that counts what it is asked, and answers when it may."""

    def __init__(self):
        self.calls = []
        self.free = asyncio.Event()
        self.free.set()

    async def call(self, _endpoint, name, arguments, **_about):
        self.calls.append((name, dict(arguments)))
        await self.free.wait()
        return ToolOutcome("It was sent.")


@pytest.fixture
def server(monkeypatch):
    made = Server()
    monkeypatch.setattr(calling, "speaker_for", lambda _: made)
    return made


async def asking_tool():
    return await sync_to_async(ToolFactory)(policy="ask")


SEND = {"to": "everybody"}


async def ask(text="Send it."):
    session = await sync_to_async(SessionFactory)()
    posted = await sync_to_async(services.post_message)(session, text=text, actor=session.user)
    await launch(posted.run_id)
    return posted.run_id


async def status_is(run_id, status):
    async def probe():
        run = await stored(run_id)
        return run if run.status == status else None

    return await wait_until_async(probe)


async def waiting_run(spoken_by, *, later=(), extra=()):
    """A run that waits for a decision, and that this process has forgotten."""
    tool = await asking_tool()
    first = [TextDelta("I will."), *extra, ToolCall("c", tool.safe_name, SEND), Usage(5, 2)]
    model = spoken_by(ScriptedModel([first, *later]))
    run_id = await ask()
    await status_is(run_id, RunStatus.WAITING_APPROVAL)
    await all_done()
    return run_id, model


@sync_to_async
def decide(run_id, decision="allow"):
    run = Run.objects.select_related("user").get(pk=run_id)
    row = ToolRun.objects.get(run=run)
    runs = Run.objects.filter(pk=run_id)
    return approvals.decide_call(runs, row.pk, decision=decision, actor=run.user)


async def call_of(run_id):
    return await ToolRun.objects.aget(run_id=run_id)


def numbers_are_whole(events):
    return [event[0] for event in events] == list(range(1, len(events) + 1))


def steps(events):
    return [data["status"] for _, kind, data in events if kind == "tool"]


async def test_a_call_that_needs_leave_waits_and_holds_nothing(spoken_by, server):
    run_id, _ = await waiting_run(spoken_by)

    run, row = await stored(run_id), await call_of(run_id)
    events = [(e.type, orjson.loads(e.data)) for e in await log_of(run_id)]
    assert (run.lease_token, run.lease_until) == (None, None)
    assert (run.answer.content, run.tokens_in, run.tokens_out) == ("I will.", 5, 2)
    assert (row.status, row.decision) == (ToolRunStatus.WAITING, "")
    assert (server.calls, run_manager().stops) == ([], {})
    asked = [data for kind, data in events if kind == "tool"]
    assert [(data["status"], data["args"]) for data in asked] == [("approval", SEND)]
    assert asked[0]["tool_run_id"] == str(row.pk)
    assert events[-1] == ("run", {"status": "waiting_approval"})
    assert await async_redis().ttl(log_key(run_id)) > 86400


async def test_what_is_stored_of_a_waiting_run_is_not_readable(spoken_by, server):
    run_id, _ = await waiting_run(spoken_by)

    @sync_to_async
    def raw():
        with connection.cursor() as cursor:
            cursor.execute("SELECT state FROM chat_run WHERE id = %s", [run_id])
            return cursor.fetchone()[0]

    column, run = await raw(), await stored(run_id)
    assert "everybody" not in column
    state = AgentState.from_json(run.state)
    assert (state.text, state.pending_calls[0].call.arguments) == ("I will.", SEND)


async def test_an_allowed_call_is_made_once_by_whoever_takes_the_run_up(spoken_by, server):
    run_id, model = await waiting_run(spoken_by, later=[[TextDelta("Done."), Usage(9, 1)]])
    viewer = asyncio.create_task(watched(run_id))
    await close_all()  # what this process knew is gone

    row = await decide(run_id)
    await launch(run_id)
    events = await viewer

    run = await stored(run_id)
    assert (row.status, row.decision) == (ToolRunStatus.WAITING, Decision.ALLOW)
    assert [arguments for _, arguments in server.calls] == [SEND]
    assert (await call_of(run_id)).status == ToolRunStatus.SUCCEEDED
    assert steps(events) == ["approval", "start", "end"]
    assert numbers_are_whole(events)
    assert [kind for _, kind, _ in events].count("done") == 1
    assert texts(events) == run.answer.content == "I will.\n\nDone."
    assert (run.status, run.state) == (RunStatus.SUCCEEDED, None)
    assert (run.tokens_in, run.tokens_out, run.iterations) == (14, 3, 2)
    assert "It was sent." in model.seen[1][-1].content
    assert await watched(run_id) == events


async def test_an_allowed_call_of_a_tool_that_is_gone_is_not_made_and_says_why(spoken_by, server):
    run_id, model = await waiting_run(spoken_by, later=[[TextDelta("Then not.")]])
    await decide(run_id)
    await Tool.objects.aupdate(enabled=False)
    inputs.offers.clear()

    await launch(run_id)
    await watched(run_id)

    row = await call_of(run_id)
    assert (row.status, row.error_code) == (ToolRunStatus.FAILED, "tool_changed")
    assert "not the tool any more" in model.seen[1][-1].content
    assert server.calls == []


async def test_a_denied_call_is_not_made_and_the_model_is_told(spoken_by, server):
    run_id, model = await waiting_run(spoken_by, later=[[TextDelta("Then not.")]])

    row = await decide(run_id, "deny")
    await launch(run_id)
    events = await watched(run_id)

    assert (row.status, row.error_code) == (ToolRunStatus.DENIED, "call_denied")
    assert server.calls == []
    assert "did not allow" in model.seen[1][-1].content
    assert steps(events) == ["approval", "error"]
    assert events[-1][2]["status"] == "succeeded"
    (told,) = events[-1][2]["message"]["tool_runs"]
    assert (told["status"], told["error_code"]) == ("denied", "call_denied")
    assert told["error"] == tool_errors.DENIED.in_english()


async def test_silence_is_a_denial(spoken_by, server):
    run_id, model = await waiting_run(spoken_by, later=[[TextDelta("Then not.")]])
    long_ago = (await call_of(run_id)).created_at.replace(year=2001)
    await ToolRun.objects.filter(run_id=run_id).aupdate(created_at=long_ago)

    with pytest.raises(ApprovalClosed):
        await decide(run_id)
    assert await sync_to_async(approvals.time_out_approvals)() == 1
    assert await sync_to_async(approvals.time_out_approvals)() == 0
    await launch(run_id)
    await watched(run_id)

    row = await call_of(run_id)
    assert (row.status, row.decision) == (ToolRunStatus.DENIED, Decision.TIMEOUT)
    assert row.error_code == "approval_timed_out"
    assert "in time" in model.seen[1][-1].content
    assert server.calls == []


@pytest.mark.parametrize("again", ["allow", "deny"])
async def test_a_decision_is_made_once_and_by_the_user_only(spoken_by, server, again):
    run_id, _ = await waiting_run(spoken_by)
    row, other = await call_of(run_id), await sync_to_async(UserFactory)()
    decide_call = sync_to_async(approvals.decide_call)

    with pytest.raises(NotFound):
        await decide_call(Run.objects.all(), row.pk, decision="allow", actor=other)
    with pytest.raises(NotFound):
        await decide_call(Run.objects.none(), row.pk, decision="allow", actor=other)
    await decide(run_id)
    with pytest.raises(ApprovalClosed):
        await decide(run_id, again)
    assert (await stored(run_id)).status == RunStatus.QUEUED


async def test_decisions_at_the_same_moment_are_one(spoken_by, server):
    run_id, _ = await waiting_run(spoken_by)

    made = await asyncio.gather(
        *[decide(run_id, word) for word in ("allow", "deny") * 4], return_exceptions=True
    )

    assert [type(each) for each in made].count(ApprovalClosed) == 7


async def test_a_run_goes_on_when_nothing_waits_any_more(spoken_by, server):
    tool = await asking_tool()
    calls = [ToolCall(f"c{n}", tool.safe_name, {"n": n}) for n in (1, 2)]
    spoken_by(ScriptedModel([calls, [TextDelta("Done.")]]))
    run_id = await ask()
    run = await status_is(run_id, RunStatus.WAITING_APPROVAL)
    rows = [row async for row in ToolRun.objects.filter(run_id=run_id).order_by("pk")]
    user = await sync_to_async(lambda: run.user)()

    for row, word, status in zip(
        rows, ("allow", "deny"), ("waiting_approval", "queued"), strict=True
    ):
        runs = Run.objects.filter(pk=run_id)
        await sync_to_async(approvals.decide_call)(runs, row.pk, decision=word, actor=user)
        assert (await stored(run_id)).status == status
    await all_done()
    await launch(run_id)
    await watched(run_id)

    assert [arguments for _, arguments in server.calls] == [{"n": 1}]


async def test_a_stop_ends_a_waiting_run_at_once_with_one_end(spoken_by, server):
    run_id, _ = await waiting_run(spoken_by)
    viewer = asyncio.create_task(watched(run_id))

    await asyncio.gather(*[request_stop(run_id) for _ in range(4)])
    events = await viewer

    run, row = await stored(run_id), await call_of(run_id)
    assert (run.status, run.state, run.answer.content) == (RunStatus.STOPPED, None, "I will.")
    assert row.status == ToolRunStatus.INTERRUPTED
    assert [kind for _, kind, _ in events].count("done") == 1
    assert events[-1][2]["status"] == "stopped"
    used = await TokenUsage.objects.aget()
    assert (used.tokens_in, used.tokens_out) == (5, 2)
    with pytest.raises(ApprovalClosed):
        await decide(run_id)


async def test_a_stop_and_a_decision_at_the_same_moment_end_once(spoken_by, server):
    run_id, _ = await waiting_run(spoken_by, later=[[TextDelta("Done.")]])

    async def allow():
        await decide(run_id)
        await launch(run_id)

    await asyncio.gather(allow(), request_stop(run_id), return_exceptions=True)
    events = await watched(run_id)

    assert [kind for _, kind, _ in events].count("done") == 1
    assert (await stored(run_id)).status in (RunStatus.STOPPED, RunStatus.SUCCEEDED)
    assert len(server.calls) <= 1


async def test_waiting_runs_block_no_clearing_and_count_for_nobody(spoken_by, server):
    run_id, _ = await waiting_run(spoken_by)
    user = await sync_to_async(lambda: Run.objects.get(pk=run_id).user)()

    assert await Run.objects.working().acount() == 0
    cleared = await sync_to_async(clear_history)(user, actor=user)

    assert cleared["sessions_deleted"] == 1
    assert not await Run.objects.filter(pk=run_id).aexists()


async def test_a_lost_log_begins_again_with_what_was_said(spoken_by, server):
    run_id, _ = await waiting_run(spoken_by, later=[[TextDelta("Done.")]])
    await async_redis().flushdb()

    await decide(run_id)
    await launch(run_id)
    events = await watched(run_id)

    assert texts(events) == "I will.\n\nDone."
    assert numbers_are_whole(events)


async def test_citations_keep_their_numbers(spoken_by, monkeypatch):
    tool, user = await asking_tool(), await sync_to_async(UserFactory)()

    @sync_to_async
    def shelf():
        return [write(DocumentFactory(owner=user), text) for text in ("One stays.", "Two goes.")]

    rows = await shelf()
    tools = await sync_to_async(calling.usable_tools)(user)
    (search,) = [each for each in tools if each.name == "semantic.query"]
    found = [{"chunk_id": str(each.pk)} for each in map(passage_of, rows)]

    class Library:
        async def call(self, endpoint, *_args, **_about):
            return ToolOutcome("found", {"results": found}, builtin=True)

    monkeypatch.setattr(calling, "speaker_for", lambda _: Library())
    looks, sends = (
        ToolCall("a", search.safe_name, {"query": "x"}),
        ToolCall("b", tool.safe_name, SEND),
    )
    later = [TextDelta("One stays [1], two goes ["), TextDelta("2].")]
    spoken_by(ScriptedModel([[looks], [TextDelta("Two goes [2]."), sends], later]))
    session = await sync_to_async(SessionFactory)(user=user)
    posted = await sync_to_async(services.post_message)(session, text="How?", actor=user)
    await launch(posted.run_id)
    await status_is(posted.run_id, RunStatus.WAITING_APPROVAL)
    await all_done()

    call = await ToolRun.objects.aget(run_id=posted.run_id, status=ToolRunStatus.WAITING)
    runs = Run.objects.filter(pk=posted.run_id)
    await sync_to_async(approvals.decide_call)(runs, call.pk, decision="deny", actor=user)
    await launch(posted.run_id)
    events = await watched(posted.run_id)

    cited = {data["index"]: data["quote"] for _, kind, data in events if kind == "citation"}
    assert texts(events) == "Two goes [1].\n\nOne stays [2], two goes [1]."
    assert cited == {1: "Two goes.", 2: "One stays."}


def passage_of(written):
    return written[0] if isinstance(written, list) else written


async def test_one_call_answers_with_what_there_is_when_a_call_waits(spoken_by, server):
    user, tool = await sync_to_async(UserFactory)(), await asking_tool()
    spoken_by(ScriptedModel([[TextDelta("I will."), ToolCall("c", tool.safe_name, SEND)]]))
    _, secret = await sync_to_async(create_api_key)(user, name="k", scopes=["chat"], actor=user)
    headers = {"Authorization": f"Bearer {secret}"}

    answer = await AsyncClient().post(
        "/v1/chat", {"text": "Send it."}, content_type="application/json", headers=headers
    )

    told = answer.json()
    assert (told["status"], told["message"]["content"]) == ("waiting_approval", "I will.")
    assert [row["status"] for row in told["tool_runs"]] == ["waiting"]


# Processes that die or end in order.


async def test_a_process_that_ends_before_anything_was_shown_leaves_the_run_to_others(spoken_by):
    spoken_by(ScriptedModel([[60.0], [TextDelta("All of it.")]]))
    run_id = await ask()
    await wait_until_async(lambda: log_of(run_id))

    await close_all()

    left = await stored(run_id)
    assert (left.status, left.lease_token, left.takeovers) == (RunStatus.QUEUED, None, 0)
    run_manager().serve()
    events = await watched(run_id)
    assert texts(events) == "All of it."
    assert numbers_are_whole(events)
    assert events[-1][2]["status"] == "succeeded"


@pytest.mark.parametrize("place", ["input", "log"])
async def test_a_run_that_its_process_had_not_begun_is_left_to_others(
    spoken_by, monkeypatch, place
):
    spoken_by(ScriptedModel([[TextDelta("All of it.")]]))
    reached, whole = asyncio.Event(), {"input": manager.load_input, "log": LogWriter.open}

    async def never(*_args, **_kwargs):
        reached.set()
        await asyncio.Event().wait()

    where = (manager, "load_input") if place == "input" else (LogWriter, "open")
    monkeypatch.setattr(*where, never)
    run_id = await ask()
    await reached.wait()

    await close_all()

    left = await stored(run_id)
    assert (left.status, left.lease_token, left.takeovers) == (RunStatus.QUEUED, None, 0)
    monkeypatch.setattr(*where, whole[place])
    run_manager().serve()
    events = await watched(run_id)
    assert (texts(events), events[-1][2]["status"]) == ("All of it.", "succeeded")


async def test_a_run_that_somebody_stopped_is_not_handed_on():
    run = await sync_to_async(held_run)(stop_requested_at=timezone.now())

    assert not await sync_to_async(release_run)(run.pk, run.lease_token)
    assert not await sync_to_async(release_run)(run.pk, uuid4())
    assert (await stored(run.pk)).status == RunStatus.RUNNING


async def test_a_call_under_way_at_the_end_of_its_process_is_not_repeated(spoken_by, server):
    run_id, model = await waiting_run(spoken_by, later=[[TextDelta("Look for yourself.")]])
    server.free.clear()
    await decide(run_id)
    await launch(run_id)
    await wait_until_async(lambda: sync_to_async(bool)(server.calls))

    await close_all()
    assert (await stored(run_id)).status == RunStatus.QUEUED
    await launch(run_id)
    events = await watched(run_id)

    assert len(server.calls) == 1
    assert "unknown" in model.seen[1][-1].content
    assert (await call_of(run_id)).status == ToolRunStatus.INTERRUPTED
    assert steps(events) == ["approval", "start", "error"]
    assert events[-1][2]["status"] == "succeeded"


async def test_of_calls_side_by_side_what_ended_before_its_process_is_told_and_none_is_repeated(
    spoken_by, monkeypatch
):
    begun, free = [], asyncio.Event()

    async def call_tool(tool, arguments, **_about):
        begun.append(arguments)
        if arguments["query"] == "slow":
            await free.wait()
        return ToolOutcome(f"Found by {arguments['query']}.", builtin=True)

    monkeypatch.setattr(toolset, "call_tool", call_tool)
    names = await sync_to_async(safe_names)()
    calls = [ToolCall(name, names["semantic.query"], {"query": name}) for name in ("slow", "quick")]
    model = spoken_by(ScriptedModel([calls, [TextDelta("So it is.")]]))
    run_id = await ask()

    async def quick_one_is_over():
        return await ToolRun.objects.filter(run=run_id, status="succeeded").aexists()

    await wait_until_async(quick_one_is_over)

    await close_all()
    assert (await stored(run_id)).status == RunStatus.QUEUED
    await launch(run_id)
    events = await watched(run_id)

    assert len(begun) == 2
    told = model.seen[1][-2:]
    assert [message.tool_call_id for message in told] == ["slow", "quick"]
    assert "unknown" in told[0].content
    assert "Found by quick." in told[1].content
    assert events[-1][2]["status"] == "succeeded"


async def test_a_result_that_only_its_row_has_is_told_and_not_asked_for_again(spoken_by, server):
    run_id, model = await waiting_run(spoken_by, later=[[TextDelta("So it is.")]])
    await decide(run_id)
    row = await call_of(run_id)
    row.status, row.result_preview = ToolRunStatus.SUCCEEDED, "It was sent yesterday."
    await sync_to_async(row.save_fields)("status", "result_preview")

    await launch(run_id)
    await watched(run_id)

    assert server.calls == []
    assert "It was sent yesterday." in model.seen[1][-1].content


def with_log(run, *texts_):
    for seq, text in enumerate(texts_, 1):
        event = Event(seq, "token", orjson.dumps({"text": text}))
        sync_redis().xadd(log_key(run.pk), LogCipher(run.pk).seal(event), id=f"{seq}-0")
    return run


def stalled(*, said="", state_text=None, **fields):
    """A run whose process was killed, with that text in its log and in its stored state."""
    run = with_log(held_run(**fields), *([said] if said else []))
    run.answer.content = ""
    run.answer.save_fields("content")
    if state_text is not None:
        run.state = AgentState([], turn=1, text=state_text).to_json()
        run.save_fields("state")
    let_leases_end(Run.objects.filter(pk=run.pk))
    return run


@pytest.mark.parametrize(
    ("said", "state_text", "status"),
    [
        ("", None, RunStatus.QUEUED),
        ("said", "said", RunStatus.QUEUED),
        ("", "said", RunStatus.QUEUED),
        ("said", None, RunStatus.INTERRUPTED),
        ("said and more", "said", RunStatus.INTERRUPTED),
    ],
)
def test_a_killed_process_leaves_only_what_was_not_shown_in_part(said, state_text, status):
    run = stalled(said=said, state_text=state_text)

    ended = interrupt_stalled_runs()

    run.refresh_from_db()
    assert (run.status, ended) == (status, int(status == RunStatus.INTERRUPTED))
    if status == RunStatus.QUEUED:
        assert (run.lease_token, run.lease_until, run.takeovers) == (None, None, 1)
    else:
        assert run.state is None


@pytest.mark.parametrize(
    "change",
    [
        {"takeovers": sweeper.MOST_TAKEOVERS},
        {"stop_requested_at": "2026-01-01T00:00:00Z"},
    ],
)
def test_what_dies_too_often_or_is_unwanted_is_not_taken_up_again(change):
    run = stalled(state_text="")
    Run.objects.filter(pk=run.pk).update(**change)

    assert interrupt_stalled_runs() == 1
    assert Run.objects.get().status == RunStatus.INTERRUPTED


def test_a_run_of_a_former_version_that_called_tools_is_not_taken_up_again():
    run = stalled()
    ToolRunFactory(run=run, user=run.user, status=ToolRunStatus.RUNNING)

    assert interrupt_stalled_runs() == 1


def test_an_unreadable_log_or_state_ends_a_run():
    logless, stateless = stalled(), stalled(state_text="")
    sync_redis().xadd(log_key(logless.pk), {"t": "token", "d": b"damage"}, id="1-0")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE chat_run SET state = 'damage' WHERE id = %s", [stateless.pk])

    assert interrupt_stalled_runs() == 2


def test_a_waiting_run_of_a_former_version_ends_when_it_is_looked_at():
    run = RunFactory(status=RunStatus.WAITING_APPROVAL)
    ToolRunFactory(run=run, user=run.user, status=ToolRunStatus.RUNNING)

    assert tasks.sweep_runs() == 1

    run.refresh_from_db()
    assert (run.status, run.error_code) == (RunStatus.INTERRUPTED, "interrupted")
    assert ToolRun.objects.get().status == ToolRunStatus.INTERRUPTED
    assert sync_redis().xlen(log_key(run.pk)) == 1


def test_no_lease_ends_a_run_that_waits_or_is_queued():
    state = AgentState([]).to_json()
    for status in (RunStatus.WAITING_APPROVAL, RunStatus.QUEUED):
        RunFactory(status=status, state=state)
    let_leases_end(Run.objects.all())

    assert tasks.sweep_runs() == 0


def test_what_waits_for_nobody_any_more_is_ended():
    deleted, leaver = (RunFactory(status="waiting_approval", state={"v": 1}) for _ in range(2))
    deleted.session.soft_delete()
    type(leaver.user).objects.filter(pk=leaver.user_id).update(is_active=False)

    assert tasks.sweep_runs() == 2
    assert set(Run.objects.values_list("status", flat=True)) == {RunStatus.STOPPED}


# Queued runs and who takes them up.


@sync_to_async
def post_without_launching():
    session = SessionFactory()
    return services.post_message(session, text="How?", actor=session.user).run_id


async def test_a_run_whose_process_was_killed_before_it_began_is_taken_up(spoken_by):
    spoken_by(ScriptedModel([[TextDelta("Here.")]]))
    run_id = await post_without_launching()

    run_manager().serve()
    events = await watched(run_id)

    assert texts(events) == "Here."


async def test_without_room_runs_wait_for_their_turn(spoken_by, configured):
    configured("agent", runs_per_process=1)
    spoken_by(ScriptedModel([[TextDelta("a"), 0.5, TextDelta("b")] for _ in range(3)]))
    runs = [await ask() for _ in range(3)]
    at_once = await Run.objects.filter(status=RunStatus.QUEUED).acount()

    run_manager().serve()
    ends = [(await watched(run_id))[-1][2]["status"] for run_id in runs]

    assert at_once >= 2
    assert ends == ["succeeded"] * 3


async def test_several_processes_take_up_each_run_once():
    ids = [await post_without_launching() for _ in range(6)]
    await sync_to_async(let_leases_end)(Run.objects.all())

    taken = await asyncio.gather(
        *[sync_to_async(claim_apart, thread_sensitive=False)(3) for _ in range(3)],
    )

    found = [pk for part in taken for pk in part]
    assert len(found) == len(set(found))
    assert set(found) <= set(ids)


def claim_apart(limit):
    try:
        return claim_queued(uuid4(), limit, seconds=60)
    finally:
        connection.close()


async def test_a_queued_run_can_be_stopped_by_anybody(spoken_by):
    run_id = await post_without_launching()

    await request_stop(run_id)
    await launch(run_id)
    events = await watched(run_id)

    assert [kind for _, kind, _ in events] == ["done"]
    assert events[-1][2]["status"] == "stopped"


async def test_reasoning_and_text_of_former_turns_are_kept(spoken_by, server):
    extra = [ReasoningDelta("Hm.")]
    run_id, _ = await waiting_run(spoken_by, later=[[TextDelta("Done.")]], extra=extra)
    await decide(run_id)
    await launch(run_id)
    await watched(run_id)

    answer = await Message.objects.aget(pk=(await stored(run_id)).answer_id)
    assert (answer.content, answer.reasoning) == ("I will.\n\nDone.", "Hm.")


def test_giving_up_is_for_who_holds_the_run_only():
    run = held_run()
    Run.objects.filter(pk=run.pk).update(lease_token=uuid4())
    assert store.park_run(run, RunStatus.QUEUED, "x", "") is None
    assert not store.save_state(run, AgentState([]).to_json())
