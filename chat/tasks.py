"""Background work of conversations."""

from __future__ import annotations

from celery import shared_task

from chat.approvals import time_out_approvals
from chat.deletion import forget_logs as forget_ended_logs
from chat.grants import remove_ended_grants
from chat.runs import sweeper


@shared_task
def sweep_runs() -> int:
    """Look after runs that no process works on; how many were ended."""
    time_out_approvals()
    remove_ended_grants()
    return sweeper.sweep_idle_runs() + sweeper.interrupt_stalled_runs()


@shared_task
def forget_logs(run_ids: list[str]) -> None:
    """Delete event logs that were written to after their runs were removed."""
    forget_ended_logs(run_ids)
