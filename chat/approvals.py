"""Decisions about tool calls that wait for one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from chat.enums import (
    ACTIVE_STATUSES,
    AskReason,
    Decision,
    GrantReach,
    RunStatus,
    ToolRunStatus,
)
from chat.exceptions import ApprovalClosed
from chat.grants import remember_call
from chat.models import Run, ToolRun
from chat.runs.queue import announce_queued
from chat.runs.tool_errors import why_denied
from mcp.enums import Approver
from mcp.services import approvers_of, approving_groups
from youworker import audit
from youworker.core.config import config
from youworker.core.effects import after_commit
from youworker.core.exceptions import Forbidden, InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from accounts.models import User
    from chat.managers import RunQuerySet, ToolRunQuerySet


# What people can say; the rest is what becomes of their silence.
DECISIONS = (Decision.ALLOW, Decision.DENY)


class Question(NamedTuple):
    """A waiting call as those are told who can answer."""

    row: ToolRun
    groups: list[str]

    @property
    def approver(self) -> str:
        """Who is asked: the user, or the admins of the groups."""
        return Approver.ADMIN if self.groups else Approver.USER

    @property
    def can_remember(self) -> bool:
        """Whether the answer may hold for further calls."""
        return not self.groups and self.row.reason == AskReason.POLICY

    @property
    def grant_days(self) -> int:
        """For how many days it holds then."""
        return config.agent.grant_days

    @property
    def server(self) -> str:
        """The short name of the tool's server; empty when it was removed."""
        return self.row.tool.server.slug if self.row.tool else ""

    @property
    def expires_at(self) -> datetime:
        """When it counts as denied."""
        return self.row.created_at + timedelta(seconds=config.agent.approval_seconds)


def questions_about(rows: Iterable[ToolRun]) -> list[Question]:
    """Who is asked about some waiting calls now; one query."""
    calls = list(rows)
    groups = approvers_of((row.tool_id, row.user_id) for row in calls if row.tool_id)
    return [Question(row, groups[row.tool_id, row.user_id] if row.tool_id else []) for row in calls]


def open_calls() -> ToolRunQuerySet:
    """The calls about which a decision still counts."""
    runs = Run.objects.active().filter(session__deleted_at__isnull=True, user__is_active=True)
    return ToolRun.objects.undecided().filter(run__in=runs).exclude(overdue())


def waiting_calls(user: User) -> ToolRunQuerySet:
    """The calls that wait for this user's decision, oldest first: their own, and as an admin."""
    return open_calls().decidable_by(user).with_tool().oldest_first()


@transaction.atomic
def decide_call(
    runs: RunQuerySet,
    call_id: UUID,
    *,
    decision: str,
    remember: bool = False,
    remember_for: str = "",
    actor: User,
) -> ToolRun:
    """Allow or deny a waiting call of one of the runs; its run goes on once nothing else waits.

    With `remember` an allowed tool is not asked about again (`chat.grants`), where that may be.
    Raises `InvalidInput`, `NotFound`, `Forbidden` for who may only look, and `ApprovalClosed`
    when it is too late.
    """
    if decision not in DECISIONS:
        raise InvalidInput("A decision is `allow` or `deny`.", attr="decision")
    row = find_call(runs, call_id, actor=actor)
    asking = bool(approving_groups(row.tool_id, row.user_id)) if row.tool_id else False
    if not close_call(row, Decision(decision), actor=actor):
        raise ApprovalClosed("This call was decided about already, or its run has ended.")
    remembers = remember and decision == Decision.ALLOW and row.reason == AskReason.POLICY
    if remembers and not asking:
        reach = remember_for or GrantReach.CONVERSATION
        remember_call(row, reach=reach, actor=actor)
    audit.record(
        "tool.approve",
        actor=actor,
        target=row,
        tool=row.tool_id,
        run=row.run_id,
        decision=decision,
    )
    return row


def find_call(runs: RunQuerySet, call_id: UUID, *, actor: User) -> ToolRun:
    """A call that somebody may decide about, or could have; raises `NotFound` or `Forbidden`.

    A group's admin finds it only while it waits: what became of it is its user's own.
    """
    rows = ToolRun.objects.filter(pk=call_id, run__in=runs).select_related("tool__server")
    mine = rows.filter(run__in=runs.visible_to(actor)).first()
    if mine is None:
        found = rows.filter(pk__in=open_calls().decidable_by(actor).values("pk")).first()
        if found is None:
            raise NotFound("Not found.")
        return found
    waits = mine.status == ToolRunStatus.WAITING and not mine.decision
    if waits and not rows.decidable_by(actor).exists():
        raise Forbidden("Only an admin of the group can answer this.")
    return mine


@transaction.atomic
def close_call(row: ToolRun, decision: Decision, *, actor: User | None = None) -> bool:
    """Write down a decision, once; false when there was one, or the run has ended."""
    if row.run_id is None:
        return False
    # The run's lock comes first wherever both are taken.
    run = Run.objects.select_for_update(no_key=True).get(pk=row.run_id)
    waiting = ToolRun.objects.undecided().filter(pk=row.pk)
    if decision != Decision.TIMEOUT:
        waiting = waiting.exclude(overdue())
    status = ToolRunStatus.WAITING if decision == Decision.ALLOW else ToolRunStatus.DENIED
    changes = {"decision": decision, "decided_at": Now(), "decided_by": actor, "updated_at": Now()}
    if status == ToolRunStatus.DENIED:
        changes["error_code"] = why_denied(decision).code
    if run.status not in ACTIVE_STATUSES or not waiting.update(status=status, **changes):
        return False
    row.refresh_from_db(fields=["status", "decision", "decided_at", "decided_by", "error_code"])
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
