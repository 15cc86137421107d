"""Background work of conversations."""

from __future__ import annotations

import time

from celery import shared_task

from chat.approvals import time_out_approvals
from chat.deletion import forget_logs as forget_ended_logs
from chat.evaluation.runs import evaluate_next
from chat.grants import remove_ended_grants
from chat.llm.admission import forget_lost_calls
from chat.model_servers import ServedModel
from chat.retention import erase_unkept as erase_unkept_sessions
from chat.runs import sweeper
from chat.runs.upkeep import take_over
from chat.services.model_checks import look_at_servers
from chat.services.model_checks import try_models as try_served_models

# Seconds one task works on evaluations before others get their turn.
SLICE = 20.0


@shared_task
def sweep_runs() -> int:
    """Look after runs that no process works on; how many were ended."""
    take_over()
    time_out_approvals()
    forget_lost_calls()
    remove_ended_grants()
    return sweeper.sweep_idle_runs() + sweeper.interrupt_stalled_runs()


@shared_task
def erase_unkept() -> int:
    """Remove the conversations of answers that nobody wants kept; how many went."""
    return erase_unkept_sessions()


@shared_task
def forget_logs(run_ids: list[str]) -> None:
    """Delete event logs that were written to after their runs were removed."""
    forget_ended_logs(run_ids)


@shared_task
def look_at_models() -> int:
    """See how the model servers do; how many there are."""
    return len(look_at_servers())


@shared_task
def try_models(model_ids: list[str]) -> int:
    """Ask models small questions; how many were asked."""
    rows = ServedModel.objects.filter(pk__in=model_ids).select_related("server").by_server()
    return try_served_models(rows)


@shared_task
def evaluate_answers() -> None:
    """Have golden questions answered for a time slice; meant to be called every ten seconds."""
    until = time.monotonic() + SLICE
    while evaluate_next(until=until) and time.monotonic() < until:
        pass
