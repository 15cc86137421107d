"""One line and one count for each task of a worker, and proof that workers do something."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from celery.signals import task_postrun, task_prerun

from youworker.core import tracing
from youworker.core.effects import attempt
from youworker.core.metrics import families, shared
from youworker.core.redis import sync_redis
from youworker.core.request_context import correlation_id

if TYPE_CHECKING:
    from youworker.core.tracing import Span

logger = logging.getLogger("youworker.tasks")

# What is done at least so often is only worth a line when it fails, as health checks are.
ROUTINE_SECONDS = 60
# Celery's words for how a task ended.
OUTCOMES = {"SUCCESS": "succeeded", "FAILURE": "failed", "RETRY": "retried"}
# When a task began, and for what work: that id is forgotten before its end is told.
begun: dict[str, tuple[float, str, Span]] = {}


def connect_tasks() -> None:
    """Tell of every task of this process, a child of a worker."""
    task_prerun.connect(note_begin, weak=False)
    task_postrun.connect(report_task, weak=False)


def note_begin(task_id: str, task: Any = None, **_: Any) -> None:
    """Remember when a task began; the looks for work are worth no span."""
    span = tracing.NOTHING
    if tracing.tracer is not None and task and task.name not in routine_tasks(task.app):
        cause = str(getattr(task.request, tracing.CAUSE, None) or tracing.NONE)
        span = tracing.span("task", parent=cause, task=task.name, task_id=task_id)
    # Celery begins and ends a task in one thread.
    span.__enter__()
    begun[task_id] = time.monotonic(), correlation_id(), span


def routine_tasks(app: Any) -> set[str]:
    """The tasks that look every few seconds whether there is something to do."""
    entries = app.conf.beat_schedule.values()
    return {entry["task"] for entry in entries if entry["schedule"] <= ROUTINE_SECONDS}


def report_task(task_id: str, task: Any, state: str | None = None, **_: Any) -> None:
    """Log and count a task, and bring what was counted in it to Redis."""
    began, identifier, span = begun.pop(task_id, (time.monotonic(), "", tracing.NOTHING))
    seconds = time.monotonic() - began
    outcome = OUTCOMES.get(state or "", "other")
    span.note(outcome=outcome)
    if outcome == "failed":
        span.end(error=outcome)
    span.__exit__(None, None, None)
    families.TASKS.add(task.name, outcome)
    families.TASK_SECONDS.observe(seconds, task.name)
    is_routine = outcome == "succeeded" and task.name in routine_tasks(task.app)
    logger.log(
        logging.DEBUG if is_routine else logging.INFO,
        "task",
        extra={
            "task": task.name,
            "task_id": task_id,
            "result": outcome,
            "duration_ms": round(seconds * 1000, 1),
            "correlation_id": identifier,
        },
    )
    if shared.flush():
        attempt("telling that a worker works", sync_redis().set, shared.HEARTBEAT, time.time())
