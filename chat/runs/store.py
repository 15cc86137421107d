"""What a run reads from and writes to the database; synchronous, one transaction each."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from chat.agent.state import AgentState
from chat.agent.types import ChatMessage
from chat.enums import Decision, RunStatus, ToolRunStatus
from chat.models import Citation, Message, Run, ToolRun
from chat.runs import statements
from chat.runs.citations import unlink_unseen
from chat.runs.leases import LeaseLost
from chat.runs.queue import announce_queued, announce_room
from chat.runs.statements import Ended, answer_of
from mcp.calls import CallContext, ToolInfo
from mcp.services import usable_tools
from quotas.enums import UsageKind, UsageOutcome
from quotas.services import milliseconds_since, record_usage
from youworker import audit
from youworker.core.effects import after_commit
from youworker.core.ids import uuid7
from youworker.core.leases import RELEASED
from youworker.core.storable import DEEPEST, storable_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User
    from chat.managers import RunQuerySet

LONGEST_HISTORY = 200
PREVIEW_CHARACTERS = 500
LONGEST_TOOL_NAME = 300
USAGE_FIGURES = ("model", "iterations", "tokens_in", "tokens_out")
OFFER_SECONDS = 3.0
MOST_OFFERS = 1000
offers: dict[tuple[UUID, bool], tuple[float, list[ToolInfo]]] = {}


@dataclass(slots=True)
class RunInput:
    """Everything a run needs, read in one go so that no connection is held meanwhile."""

    run: Run
    history_newest_first: list[ChatMessage]
    tools: list[ToolInfo]
    # What a process before this one had come to, and every call that it had begun.
    state: AgentState | None = None
    calls: list[ToolRun] = field(default_factory=list)

    @property
    def language(self) -> str:
        """The language the user wants to be answered in."""
        return str(self.run.options.get("language") or self.run.user.language)

    @property
    def now(self) -> str:
        """The time of the user's day."""
        zone = ZoneInfo(self.run.user.time_zone)
        return timezone.now().astimezone(zone).isoformat(timespec="minutes")


def read_input(run_id: UUID, token: UUID) -> RunInput | None:
    """What a claimed run needs; None when it is not held by this token any more.

    Raises `UnknownState` when nobody can go on from what is stored of it.
    """
    rows = Run.objects.held(token).select_related("question", "answer", "user")
    run = rows.filter(pk=run_id).first()
    if run is None:
        return None
    state = None if run.state is None else AgentState.from_json(run.state)
    return RunInput(
        run=run,
        history_newest_first=[] if state else history(run.session_id, run.question_id),
        tools=tools_of(run),
        state=state,
        calls=[] if state is None else calls_of(run),
    )


def new_input(run: Run) -> RunInput | None:
    """What a run needs that was just accepted; None when that takes the database."""
    tools = remembered_tools(run)
    if run.question.parent_id is not None or tools is None:
        return None
    return RunInput(run=run, history_newest_first=[question_of(run)], tools=tools)


def complete_input(run: Run) -> RunInput:
    """What a run needs that was just accepted, with what only the database knows."""
    earlier = run.question.parent_id
    said = [] if earlier is None else history(run.session_id, earlier)
    return RunInput(run=run, history_newest_first=[question_of(run), *said], tools=tools_of(run))


def question_of(run: Run) -> ChatMessage:
    """The question of a run as its model reads it."""
    return ChatMessage("user", run.question.content)


def tools_of(run: Run) -> list[ToolInfo]:
    """The tools the model of a run is shown."""
    if not run.options.get("enable_tools", True):
        return []
    return offered_tools(run.user, enable_web=run.options.get("enable_web", True))


def remembered_tools(run: Run) -> list[ToolInfo] | None:
    """The tools the model of a run is shown; None when they have to be looked up."""
    if not run.options.get("enable_tools", True):
        return []
    found = offers.get((run.user_id, run.options.get("enable_web", True)))
    return None if found is None or found[0] < time.monotonic() else found[1]


def offered_tools(user: User, *, enable_web: bool) -> list[ToolInfo]:
    """The tools a model is shown, remembered for some seconds.

    Nothing is permitted by it: every call is checked again when it is made.
    """
    key, now = (user.pk, enable_web), time.monotonic()
    found = offers.get(key)
    if found is None or found[0] < now:
        if len(offers) > MOST_OFFERS:
            offers.clear()
        found = offers[key] = (now + OFFER_SECONDS, usable_tools(user, enable_web=enable_web))
    return found[1]


def call_context(run: Run, language: str) -> CallContext:
    """On whose behalf the tools of this run act."""
    return CallContext(
        user_id=run.user_id,
        correlation_id=run.correlation_id,
        session_id=run.session_id,
        run_id=run.pk,
        language=language,
        time_zone=run.user.time_zone,
        collections=tuple(UUID(pk) for pk in run.options.get("collections", [])),
        key_id=run.api_key_id,
    )


def history(session_id: UUID, last: UUID) -> list[ChatMessage]:
    """The conversation up to a message, newest first, along the branch it stands on.

    Of answers that are still being written there is as much as was saved.
    """
    said = statements.read_branch(session_id, last, most=LONGEST_HISTORY)
    return [
        ChatMessage("user" if row.role == "user" else "assistant", row.content)
        for row in said
        if row.content
    ]


def calls_of(run: Run) -> list[ToolRun]:
    """Every call of a run, in order."""
    return list(ToolRun.objects.filter(run=run).select_related("user").oldest_first())


@transaction.atomic
def save_partial(run: Run, content: str, reasoning: str) -> bool:
    """Keep the answer as far as it has come; false when the run is not held any more.

    The lock on the run comes before or after its end, so an older text never replaces the last.
    """
    if not Run.objects.lock_held(run.pk, run.lease_token):
        return False
    # Of its own: this thread goes on when its task is cancelled and the last text is written.
    answer = copy.copy(answer_of(run))
    answer.content, answer.reasoning = content, reasoning
    answer.save_fields("content", "reasoning")
    return True


def save_state(run: Run, state: dict[str, Any], **figures: Any) -> bool:
    """Keep what another process needs to go on; false when the run is not held any more."""
    held = Run.objects.active().held(run.lease_token).filter(pk=run.pk)
    return bool(held.update(state=sealed_state(run, state), updated_at=Now(), **figures))


def sealed_state(run: Run, state: dict[str, Any]) -> Any:
    """A state as the column takes it; what a model said in it may be what no column holds."""
    field: Any = Run._meta.get_field("state")
    return field.seal(storable_json(state, deepest=2 * DEEPEST), run)


@transaction.atomic
def park_run(
    run: Run, wanted: RunStatus, content: str, reasoning: str, **changes: Any
) -> RunStatus | None:
    """Give up a run that any process may take up later; how it stands now, None if it was lost.

    `STOPPED`: somebody asked to end it, so the caller still holds it and has to. A run that
    was to wait for decisions that were made meanwhile is queued.
    """
    held = Run.objects.active().held(run.lease_token).filter(pk=run.pk)
    locked = held.select_for_update(no_key=True).values_list("stop_requested_at", flat=True)
    stops = list(locked)
    if not stops or stops[0] is not None:
        return RunStatus.STOPPED if stops else None
    undecided = ToolRun.objects.undecided().filter(run=run)
    status = wanted if undecided.exists() else RunStatus.QUEUED
    answer = copy.copy(answer_of(run))
    answer.content, answer.reasoning = content, reasoning
    answer.save_fields("content", "reasoning")
    held.update(status=status, updated_at=Now(), **RELEASED, **changes)
    after_commit(announce_queued if status == RunStatus.QUEUED else announce_room)
    return status


@transaction.atomic
def finish_run(
    run: Run, answer: Message, status: RunStatus, citations: Iterable[Citation], **figures: Any
) -> Ended | None:
    """Store the whole answer and end the run; None when somebody else ended it before.

    Run and answer are then as they are stored. Asked again, because nobody heard the answer, it
    is still true.
    """
    found = unlink_unseen(citations, user=run.user)
    ended = statements.end_run(run, answer, status, figures)
    if ended is None:
        is_ours = Run.objects.held(run.lease_token).filter(pk=run.pk).exists()
        return Ended(has_open_calls=True) if is_ours else None
    Citation.objects.bulk_create(found)
    if ended.has_open_calls:
        end_orphans(run)
    record_run(run, status, **figures)
    after_commit(announce_room)
    return ended


def cut_off(rows: RunQuerySet, run: Run, code: str, detail: str, **changes: Any) -> bool:
    """End a run, if it is one of the rows, with its answer as it is.

    The caller holds the transaction.
    """
    if not rows.finish(run.pk, error_code=code, **changes):
        return False
    run.error_detail = detail
    run.save(update_fields=["error_detail"])
    end_orphans(run)
    keep_tokens(run)
    record_run(run, changes["status"])
    after_commit(announce_room)
    return True


def keep_tokens(run: Run) -> None:
    """Write the tokens of the finished turns of a run that was cut off to its answer."""
    tokens = {"tokens_in": run.tokens_in, "tokens_out": run.tokens_out}
    if run.answer_id is not None and any(tokens.values()):
        Message.objects.filter(pk=run.answer_id).update(model=run.model, **tokens)


def record_run(run: Run, status: RunStatus, **figures: Any) -> None:
    """Write down what a run used that has just ended; figures of its row unless others are given.

    The caller holds the transaction.
    """
    used = {name: figures.get(name, getattr(run, name)) for name in USAGE_FIGURES}
    record_usage(
        UsageKind.RUN,
        run.user_id,
        key_id=run.api_key_id,
        # What no model answered to may be anything that somebody typed.
        name=used["model"] if used["iterations"] else "",
        outcome=status,
        tokens_in=used["tokens_in"],
        tokens_out=used["tokens_out"],
        duration_ms=milliseconds_since(run.started_at),
    )


@transaction.atomic
def fail_run(run_id: UUID, token: UUID, detail: str) -> bool:
    """End a run that broke down on our side, if it is still held by this token."""
    held = Run.objects.held(token).active()
    run = held.filter(pk=run_id).first()
    return run is not None and cut_off(held, run, "internal_error", detail, status=RunStatus.FAILED)


def end_orphans(run: Run) -> None:
    """Mark the unfinished calls of a run that has ended; the caller holds the transaction."""
    for row in ToolRun.objects.unfinished(run.pk).select_related("user", "run"):
        was_made = row.status == ToolRunStatus.RUNNING
        row.status = ToolRunStatus.INTERRUPTED
        row.save_fields("status")
        if was_made:
            record_call(row, result="failed")


def record_call(row: ToolRun, *, result: str) -> None:
    """Audit and count a call: which tool, for which run, and its end; nothing of what was said."""
    audit.record(
        "tool.call",
        actor=row.user,
        target=row,
        result=result,
        tool=row.tool_id,
        run=row.run_id,
        status=row.status,
    )
    record_usage(
        UsageKind.TOOL_CALL,
        row.user_id,
        key_id=row.run.api_key_id if row.run else None,
        # A tool that there is not has the name the model gave it.
        name=row.tool_name if row.tool_id else "",
        outcome=UsageOutcome.DENIED if result == "denied" else row.status,
        duration_ms=row.latency_ms,
    )


def begin_tool_run(
    run: Run,
    tool: ToolInfo | None,
    name: str,
    arguments: Any,
    *,
    call_id: UUID | None = None,
    status: ToolRunStatus = ToolRunStatus.RUNNING,
) -> ToolRun:
    """Write the row of a call before it is made; raises `LeaseLost` when the run has ended."""
    row = ToolRun(
        id=call_id or uuid7(),
        status=status,
        user=run.user,
        session_id=run.session_id,
        run=run,
        message_id=run.answer_id,
        tool_id=tool.id if tool else None,
        tool_name=name[:LONGEST_TOOL_NAME],
        arguments=arguments,
    )
    try:
        insert_tool_run(row, run)
    except IntegrityError:
        # The tool's server was removed while the model thought; the call is refused later.
        row.tool = None
        insert_tool_run(row, run)
    return row


@transaction.atomic
def insert_tool_run(row: ToolRun, run: Run) -> None:
    """Write a new row while the run is held; raises `LeaseLost`."""
    if not Run.objects.lock_held(run.pk, run.lease_token):
        raise LeaseLost
    row.save(force_insert=True)


class TakenUp(NamedTuple):
    """A call that another process began; `may_call` is true once for one that was allowed."""

    row: ToolRun
    may_call: bool


@transaction.atomic
def take_up_call(run: Run, call_id: UUID) -> TakenUp | None:
    """Settle how a call stands that another process began; None when its row was never written.

    Raises `LeaseLost`. Whether a call that was under way took effect nobody knows, so it is over.
    """
    if not Run.objects.lock_held(run.pk, run.lease_token):
        raise LeaseLost
    rows = ToolRun.objects.select_for_update(of=("self",)).select_related("user", "run")
    row = rows.filter(pk=call_id, run=run).first()
    if row is None:
        return None
    may_call = row.status == ToolRunStatus.WAITING and row.decision == Decision.ALLOW
    if may_call:
        row.status = ToolRunStatus.RUNNING
    elif row.status == ToolRunStatus.RUNNING:
        row.status = ToolRunStatus.INTERRUPTED
        record_call(row, result="failed")
    row.save_fields("status")
    return TakenUp(row, may_call)


@transaction.atomic
def end_tool_run(
    row: ToolRun, *, text: str, is_error: bool, latency_ms: int, denied: bool = False
) -> bool:
    """Write how a call went; false when it was ended with its run before."""
    unfinished = ToolRun.objects.unfinished(row.run_id).filter(status=ToolRunStatus.RUNNING)
    if not unfinished.filter(pk=row.pk).values_list("pk", flat=True):
        return False
    row.status = ToolRunStatus.FAILED if is_error else ToolRunStatus.SUCCEEDED
    row.latency_ms = latency_ms
    shown = text[:PREVIEW_CHARACTERS]
    row.result_preview, row.error = ("", shown) if is_error else (shown, "")
    row.save_fields("status", "latency_ms", "result_preview", "error")
    outcome = "failed" if is_error else "ok"
    record_call(row, result="denied" if denied else outcome)
    return True
