"""What people do with an answer in the making, from a thread of whichever process they reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgiref.sync import async_to_sync

from chat import approvals
from chat.exceptions import RunFinished
from chat.models import Run
from chat.runs import manager
from chat.runs.manager import launch, request_stop
from youworker.core.slots import holding_nothing

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User
    from chat.models import ToolRun


def stop_run(run: Run) -> None:
    """End an answer within a second, in whichever process it is made; the text stays.

    Raises `RunFinished` when there is nothing to stop any more.
    """
    if not run.is_active:
        raise RunFinished("This run has ended already.")
    # Its own connection writes the wish.
    with holding_nothing():
        async_to_sync(request_stop)(run.pk)


def find_call(run_id: UUID, call_id: UUID, *, actor: User) -> ToolRun:
    """A call that somebody may decide about; raises `NotFound` or `Forbidden`."""
    return approvals.find_call(Run.objects.filter(pk=run_id), call_id, actor=actor)


def decide_call(
    run_id: UUID,
    call_id: UUID,
    *,
    decision: str,
    remember: bool = False,
    remember_for: str = "",
    actor: User,
) -> ToolRun:
    """Allow or deny a waiting call of a run, which goes on in whichever process has room.

    Raises `InvalidInput`, `NotFound`, `Forbidden`, and `ApprovalClosed` when it is too late.
    """
    row = approvals.decide_call(
        Run.objects.filter(pk=run_id),
        call_id,
        decision=decision,
        remember=remember,
        remember_for=remember_for,
        actor=actor,
    )
    if manager.serving is None:
        async_to_sync(launch)(run_id)
    return row
