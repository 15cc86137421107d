"""Background work of conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import shared_task

from youworker.common.effects import attempt

if TYPE_CHECKING:
    from collections.abc import Iterable

SWEEP_SECONDS = 10
# By then the process that wrote a log has said its last words.
FORGET_SECONDS = 10


@shared_task
def sweep_runs() -> int:
    """Look after runs that no process works on; how many were ended."""
    from chat.approvals import time_out_approvals  # noqa: PLC0415 -- task leaf
    from chat.runs import sweeper  # noqa: PLC0415

    time_out_approvals()
    return sweeper.sweep_idle_runs() + sweeper.interrupt_stalled_runs()


@shared_task
def forget_logs(run_ids: list[str]) -> None:
    """Delete event logs that were written to after their runs were removed."""
    from chat.deletion import forget_logs as forget  # noqa: PLC0415 -- task leaf

    forget(run_ids)


def forget_logs_soon(run_ids: Iterable[Any]) -> None:
    """Delete event logs once more in some seconds; without a broker they expire by themselves."""
    ids = [str(run_id) for run_id in run_ids]
    if ids:
        attempt(
            "forgetting event logs again",
            forget_logs.apply_async,
            (ids,),
            countdown=FORGET_SECONDS,
            retry=False,
        )
