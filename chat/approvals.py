"""Decisions about tool calls that wait for one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from chat.enums import ACTIVE_STATUSES, Decision, RunStatus, ToolRunStatus
from chat.exceptions import ApprovalClosed
from chat.models import Run, ToolRun
from chat.runs.queue import announce_queued
from youworker import audit
from youworker.core.config import config
from youworker.core.effects import after_commit
from youworker.core.exceptions import InvalidInput, NotFound

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User
    from chat.managers import RunQuerySet, ToolRunQuerySet


# What people can say; the rest is what becomes of their silence.
DECISIONS = (Decision.ALLOW, Decision.DENY)


def waiting_calls(user: User) -> ToolRunQuerySet:
    """The calls that wait for this user's decision, oldest first."""
    runs = Run.objects.active().visible_to(user)
    return ToolRun.objects.undecided().filter(run__in=runs).exclude(overdue()).oldest_first()


@transaction.atomic
def decide_call(runs: RunQuerySet, call_id: UUID, *, decision: str, actor: User) -> ToolRun:
    """Allow or deny a waiting call of one of the runs; its run goes on once nothing else waits.

    Raises `InvalidInput`, `NotFound`, and `ApprovalClosed` when it is too late.
    """
    if decision not in DECISIONS:
        raise InvalidInput("A decision is `allow` or `deny`.", attr="decision")
    row = ToolRun.objects.filter(pk=call_id, run__in=runs.visible_to(actor)).first()
    if row is None:
        raise NotFound("Not found.")
    if not close_call(row, Decision(decision)):
        raise ApprovalClosed("This call was decided about already, or its run has ended.")
    audit.record(
        "tool.approve",
        actor=actor,
        target=row,
        tool=row.tool_id,
        run=row.run_id,
        decision=decision,
    )
    return row


@transaction.atomic
def close_call(row: ToolRun, decision: Decision) -> bool:
    """Write down a decision, once; false when there was one, or the run has ended."""
    if row.run_id is None:
        return False
    # The run's lock comes first wherever both are taken.
    run = Run.objects.select_for_update(no_key=True).get(pk=row.run_id)
    waiting = ToolRun.objects.undecided().filter(pk=row.pk)
    if decision != Decision.TIMEOUT:
        waiting = waiting.exclude(overdue())
    status = ToolRunStatus.WAITING if decision == Decision.ALLOW else ToolRunStatus.DENIED
    changes = {"decision": decision, "decided_at": Now(), "updated_at": Now()}
    if run.status not in ACTIVE_STATUSES or not waiting.update(status=status, **changes):
        return False
    row.refresh_from_db(fields=["status", "decision", "decided_at"])
    if not ToolRun.objects.undecided().filter(run=run).exists():
        Run.objects.waiting().filter(pk=run.pk).update(status=RunStatus.QUEUED, updated_at=Now())
        after_commit(announce_queued)
    return True


def overdue() -> Q:
    """Calls that waited too long."""
    return Q(created_at__lt=Now() - timedelta(seconds=config.agent.approval_seconds))


def time_out_approvals() -> int:
    """Deny what nobody decided about in time; how many calls."""
    rows = ToolRun.objects.undecided().filter(overdue())
    return sum(close_call(row, Decision.TIMEOUT) for row in rows)
