"""What Celery does for ingestion: it wakes workers, and PostgreSQL says what is to be done."""

from __future__ import annotations

from celery import shared_task

from ingestion import services, source_services
from ingestion.events import wake_workers
from ingestion.pipeline.worker import work_for

# Seconds one task works before others get their turn.
SLICE = 5.0


@shared_task(name="ingestion.tasks.work")
def work() -> None:
    """Parse and embed for a time slice, then queue up again while there is more."""
    if work_for(SLICE):
        wake_workers(1)


@shared_task(name="ingestion.tasks.sweep")
def sweep() -> None:
    """Repair what died; meant to be called every ten seconds."""
    services.sweep()


@shared_task(name="ingestion.tasks.sync_sources")
def sync_sources() -> int:
    """Read the sources that are due; meant to be called twice a minute."""
    return source_services.run_syncs()
