"""`manage.py requeue_ingestion`: failed files once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from ingestion import services
from ingestion.models import IngestionItem, IngestionRun

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Retries runs, newest first."""

    help = "Put failed items back in the queue."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--run", type=UUID, help="only this run")
        parser.add_argument("--limit", type=int, default=1000, help="most items")
        parser.add_argument("--dry-run", action="store_true", help="only list them")

    def handle(self, *, run: UUID | None, limit: int, dry_run: bool, **options: Any) -> None:
        if limit < 1:
            raise CommandError("--limit must be at least 1")
        if run is not None and not IngestionRun.objects.filter(pk=run).exists():
            raise CommandError(f"There is no run {str(run)!r}.")
        failed = IngestionItem.objects.failed().filter(run__deleted_at__isnull=True)
        if run is not None:
            failed = failed.filter(run=run)
        chosen = list(failed.select_related("run").order_by("-run_id", "position")[:limit])
        for item in chosen:
            self.stdout.write(f"{item.run_id} {item.name}: {item.error_detail}")
        if not dry_run:
            self.requeue(chosen)

    def requeue(self, items: list[IngestionItem]) -> None:
        """Retry the items, run by run."""
        runs = {item.run_id: item.run for item in items}
        for identifier, run in runs.items():
            services.retry_run(run, limit=sum(item.run_id == identifier for item in items))
