"""`manage.py ingest`: files of the server and web pages into somebody's documents."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts.models import User
from documents import services as documents
from ingestion import services
from ingestion.enums import Stage
from ingestion.pipeline.parse import close_parser
from ingestion.pipeline.worker import work_for
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from ingestion.models import IngestionRun

# Seconds: how long workers have to show up before this process does the work itself.
PATIENCE = 4.0
SLICE = 1.0
PAUSE = 0.3
# Skipped because everything is there already.
HARMLESS = ("unchanged", "same_page")


class Command(BaseCommand):
    """Works beside running workers, and without any."""

    help = "Ingest files, folders and web pages; exits 0 when every file is ready."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH", help="file, folder or http(s) URL")
        parser.add_argument("--user", required=True, help="who will own the documents")
        parser.add_argument("--collection", default="", help="created when it is missing")
        parser.add_argument("--tags", default="", help="separated by commas")
        parser.add_argument("--recursive", action="store_true", help="folders inside folders, too")
        parser.add_argument("--depth", type=int, default=0, help="of pages: links to follow")
        parser.add_argument("--max-pages", type=int, default=1, help="of a crawl, at most")

    def handle(
        self,
        *,
        paths: list[str],
        user: str,
        collection: str,
        tags: str,
        recursive: bool,
        depth: int,
        max_pages: int,
        **options: Any,
    ) -> None:
        owner = User.objects.filter(username=user, is_active=True).first()
        if owner is None:
            raise CommandError(f"There is no active user {user!r}.")
        try:
            chosen = documents.ensure_collection(collection, actor=owner) if collection else None
            target: dict[str, Any] = {
                "collection_id": chosen.pk if chosen else None,
                "tags": [tag.strip() for tag in tags.split(",") if tag.strip()],
                "actor": owner,
            }
            urls = [path for path in paths if is_url(path)]
            files = [path for path in paths if path not in urls]
            runs = []
            if files:
                runs.append(
                    services.start_paths(files, recursive=recursive, trusted=True, **target)
                )
            if urls:
                runs.append(services.start_urls(urls, depth=depth, max_pages=max_pages, **target))
        except DomainError as error:
            raise CommandError(error.message) from error
        for run in runs:
            self.wait(run)
            self.report(run)

    def wait(self, run: IngestionRun) -> None:
        """Show the progress until every item has ended, working here if nobody else does."""
        give_up = time.monotonic() + PATIENCE
        alone = False
        with tqdm(
            total=run.items.count(), unit="file", desc=str(run.target)[:40], disable=None
        ) as bar:
            try:
                while True:
                    # A crawl finds more of them on its way.
                    bar.total = run.items.count()
                    bar.update(run.items.exclude(pk__in=run.items.active()).count() - bar.n)
                    run.refresh_from_db(fields=["claimed_at", "finished_at"])
                    if run.finished_at is not None:
                        return
                    alone = alone or (run.claimed_at is None and time.monotonic() > give_up)
                    if not alone or not lend_a_hand():
                        time.sleep(PAUSE)
            finally:
                close_parser()

    def report(self, run: IngestionRun) -> None:
        """Name the failures; raises `CommandError` when there is one."""
        lost = run.items.exclude(stage=Stage.READY).exclude(error_code__in=HARMLESS)
        lost = lost.order_by("position")
        for item in lost:
            self.stderr.write(f"{item.uri}: {item.error_detail or item.stage}")
        if lost:
            raise CommandError(f"{len(lost)} of {run.items.count()} files are not ready.")
        self.report_duplicates(run)

    def report_duplicates(self, run: IngestionRun) -> None:
        """Say how many files are ready, and which of them are there under another name."""
        known = run.items.filter(duplicate=True).select_related("document").order_by("position")
        for item in known:
            if item.document is not None and item.document.uri != item.uri:
                self.stdout.write(f"{item.uri}: the same content as {item.document.uri}")
        verb = "was" if len(known) == 1 else "were"
        ending = f", {len(known)} of them {verb} in the collection before" if known else ""
        self.stdout.write(f"{run.items.count()} files are ready{ending}.")


def is_url(path: str) -> bool:
    """Whether this names a web page and not a file."""
    return str(path).lower().startswith(("http://", "https://"))


def lend_a_hand() -> bool:
    """Do a worker's and the sweepers' work for a moment; whether there was some."""
    documents.settle_models()
    services.repair()
    return work_for(SLICE)
