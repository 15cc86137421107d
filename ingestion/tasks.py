"""What Celery does for ingestion: it wakes workers, and PostgreSQL says what is to be done."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from youworker.common.config import config

logger = logging.getLogger(__name__)

# Seconds one task works before others get their turn.
SLICE = 5.0
# A wake-up that nobody heard in this time is repeated by the sweeper.
EXPIRES = 30
SWEEP_SECONDS = 10.0
BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "ingestion-sweep": {
        "task": "ingestion.tasks.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
    "ingestion-tidy": {"task": "ingestion.tasks.tidy", "schedule": 3600.0},
}


@shared_task(name="ingestion.tasks.work")
def work() -> None:
    """Parse and embed for a time slice, then queue up again while there is more."""
    from ingestion.pipeline.working import work_for  # noqa: PLC0415 -- task leaf

    if work_for(SLICE):
        wake(1)


@shared_task(name="ingestion.tasks.sweep")
def sweep() -> None:
    """Take back what silent workers held, end runs, and wake workers when work waits."""
    from ingestion import services  # noqa: PLC0415 -- task leaf

    services.sweep()


@shared_task(name="ingestion.tasks.tidy")
def tidy() -> None:
    """Delete half-received files of processes that died."""
    from ingestion.store import remove_stale  # noqa: PLC0415 -- task leaf

    remove_stale()


def wake_workers() -> None:
    """Wake every worker process."""
    wake(config.ingestion.worker_processes)


def wake(count: int) -> None:
    """Wake workers; a broker that is away is no reason to fail, the sweeper calls again."""
    try:
        for _ in range(count):
            work.apply_async(retry=False, expires=EXPIRES)
    except (KombuError, RedisError, OSError) as error:
        logger.warning("No worker was woken: %s", error)
