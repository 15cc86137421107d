"""`manage.py sync_sources`: folders and websites that collections follow, read now."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ingestion import services, source_services
from ingestion.enums import SourceState
from ingestion.models import Source
from ingestion.pipeline.parse import close_parser
from ingestion.pipeline.worker import work_for

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from ingestion.source_managers import SourceQuerySet

SLICE = 1.0
PAUSE = 0.2


class Command(BaseCommand):
    """Works beside running workers, and without any."""

    help = "Read sources; exits 0 when none of them failed or is paused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "ids", nargs="*", type=UUID, metavar="ID", help="sources; else those of an option"
        )
        parser.add_argument(
            "--due", action="store_true", help="those whose time has come (default)"
        )
        parser.add_argument("--all", action="store_true", help="all that are not paused")
        parser.add_argument("--dry-run", action="store_true", help="only list them")

    def handle(self, *, ids: list[UUID], due: bool, dry_run: bool, **options: Any) -> None:
        everything = options["all"]
        if sum((bool(ids), due, everything)) > 1:
            raise CommandError("Name sources, or one of --due and --all.")
        rows = (
            named(ids)
            if ids
            else Source.objects.resting()
            if everything
            else Source.objects.to_be_read()
        )
        if dry_run:
            for pk, name in rows.order_by("name", "pk").values_list("pk", "name"):
                self.stdout.write(f"{pk} {name}")
            return
        chosen = list(rows.values_list("pk", flat=True))
        Source.objects.resting().filter(pk__in=chosen).update(next_sync_at=timezone.now())
        try:
            self.wait(chosen)
        finally:
            close_parser()
        self.report(chosen)

    def wait(self, chosen: list[UUID]) -> None:
        """Read them, and do the workers' part where nobody else does."""
        source_services.run_syncs()
        while Source.objects.syncing().filter(pk__in=chosen).exists():
            services.repair()
            if not work_for(SLICE):
                time.sleep(PAUSE)
            source_services.run_syncs()

    def report(self, chosen: list[UUID]) -> None:
        """One line for each; raises `CommandError` when one did not work."""
        sources = Source.objects.filter(pk__in=chosen).order_by("name", "pk")
        for source in sources:
            found = sorted((kind, number) for kind, number in source.counts.items() if number)
            counts = ", ".join(f"{number} {kind}" for kind, number in found)
            self.stdout.write(f"{source.name}: {source.error_detail or counts or source.state}")
        bad = [source for source in sources if source.state != SourceState.IDLE]
        if bad:
            raise CommandError(f"{len(bad)} of {len(sources)} sources could not be read.")


def named(ids: list[UUID]) -> SourceQuerySet:
    """The sources of these ids; raises `CommandError` for one that is not there."""
    rows: SourceQuerySet = Source.objects.filter(pk__in=ids)
    missing = set(ids) - set(rows.values_list("pk", flat=True))
    if missing:
        raise CommandError(f"There is no source {sorted(map(str, missing))[0]}.")
    return rows
