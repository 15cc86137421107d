"""`manage.py reindex_documents`: what the worker does bit by bit after an update, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from documents import services

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Works beside a running product, which goes on searching."""

    help = (
        "Index the documents again that an older version indexed, so that words are found as this"
        " version finds them. The worker does it, too, little by little; may be ended and repeated."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument("--limit", type=int, help="most documents")

    def handle(self, *, dry_run: bool, limit: int | None, **options: Any) -> None:
        if limit is not None and limit < 1:
            raise CommandError("--limit must be at least 1.")
        found = services.count_outdated()
        total = found if limit is None else min(found, limit)
        if dry_run:
            self.stdout.write(f"{total} documents would be indexed again.")
            return
        with tqdm(total=total, unit="document", disable=None) as bar:
            count = services.reindex_documents(limit=limit, tell=bar.update)
        self.stdout.write(f"{count} documents were indexed again.")
