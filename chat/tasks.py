"""Background work of conversations."""

from __future__ import annotations

from celery import shared_task

from chat import clearing
from chat.approvals import time_out_approvals
from chat.runs import recovery


@shared_task
def sweep_runs() -> int:
    """Look after runs that no process works on; how many were ended."""
    time_out_approvals()
    return recovery.sweep_idle_runs() + recovery.interrupt_stalled_runs()


@shared_task
def forget_logs(run_ids: list[str]) -> None:
    """Delete event logs that were written to after their runs were removed."""
    clearing.forget_logs(run_ids)
