"""What Celery does for ingestion: it wakes workers, and PostgreSQL says what is to be done."""

from __future__ import annotations

from celery import shared_task

from youworker.common.config import config
from youworker.common.effects import attempt

# Seconds one task works before others get their turn.
SLICE = 5.0
# A wake-up that nobody heard in this time is repeated by the sweeper.
EXPIRES = 30
# Everything else comes first (0): work takes all the time there is, and a sweep that cannot be
# carried out in its period is dropped.
LEAST_URGENT = 9


@shared_task(name="ingestion.tasks.work")
def work() -> None:
    """Parse and embed for a time slice, then queue up again while there is more."""
    from ingestion.pipeline.working import work_for  # noqa: PLC0415 -- task leaf

    if work_for(SLICE):
        wake(1)


@shared_task(name="ingestion.tasks.sweep")
def sweep() -> None:
    """Repair what died; meant to be called every ten seconds."""
    from ingestion import services  # noqa: PLC0415 -- task leaf

    services.sweep()


def wake_workers() -> None:
    """Wake every worker process."""
    wake(config.ingestion.worker_processes)


def wake(count: int) -> None:
    """Wake workers; a broker that is away is no reason to fail, the sweeper calls again."""
    for _ in range(count):
        attempt(
            "waking a worker",
            work.apply_async,
            retry=False,
            expires=EXPIRES,
            priority=LEAST_URGENT,
        )
