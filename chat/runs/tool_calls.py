"""The rows of tool calls: begun, taken up, ended, counted; one transaction each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import IntegrityError, transaction

from chat.enums import Decision, ToolRunStatus
from chat.models import Run, ToolRun
from chat.runs.consent import NOT_NEEDED, Consent, mark_tainted
from chat.runs.leases import LeaseLost
from quotas.enums import UsageKind, UsageOutcome
from quotas.services import record_usage
from youworker import audit
from youworker.core.ids import uuid7

if TYPE_CHECKING:
    from uuid import UUID

    from mcp.calls import ToolInfo
    from youworker.core.words import Sentence

PREVIEW_CHARACTERS = 500
LONGEST_TOOL_NAME = 300
LONGEST_CODE = 64


def calls_of(run: Run) -> list[ToolRun]:
    """Every call of a run, in order."""
    return list(ToolRun.objects.filter(run=run).select_related("user").oldest_first())


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
    consent: Consent = NOT_NEEDED,
) -> ToolRun:
    """Write the row of a call before it is made; raises `LeaseLost` when the run has ended."""
    row = ToolRun(
        id=call_id or uuid7(),
        status=ToolRunStatus.WAITING if consent.asks else ToolRunStatus.RUNNING,
        decision=consent.decision,
        reason=consent.reason or "",
        form_hash=tool.form_hash if tool and consent is not NOT_NEEDED else "",
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
    row: ToolRun,
    *,
    text: str,
    is_error: bool,
    latency_ms: int,
    denied: bool = False,
    trusted: bool = False,
    code: str = "",
    said: Sentence | None = None,
) -> bool:
    """Write how a call went; false when it was ended with its run before.

    Unless it is `trusted`, the answer it is made for counts as tainted from now on.
    """
    if not trusted:
        mark_tainted(row)
    unfinished = ToolRun.objects.unfinished(row.run_id).filter(status=ToolRunStatus.RUNNING)
    if not unfinished.filter(pk=row.pk).values_list("pk", flat=True):
        return False
    row.status = ToolRunStatus.FAILED if is_error else ToolRunStatus.SUCCEEDED
    row.latency_ms = latency_ms
    shown = text[:PREVIEW_CHARACTERS]
    row.result_preview, row.error = ("", shown) if is_error else (shown, "")
    row.error_code = code[:LONGEST_CODE]
    row.error_words = None if said is None else said.as_json()
    row.save_fields(
        *("status", "latency_ms", "result_preview", "error", "error_code", "error_words")
    )
    outcome = "failed" if is_error else "ok"
    record_call(row, result="denied" if denied else outcome)
    return True
