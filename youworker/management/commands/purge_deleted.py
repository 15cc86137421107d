"""`manage.py purge_deleted`: what the scheduler does every day, now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from youworker.core.commands import print_counts
from youworker.core.config import config
from youworker.core.exceptions import DomainError
from youworker.data_protection.purge import purge_deleted

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Remove for good what was deleted more than --days ago."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days",
            type=int,
            default=config.api.soft_delete_days,
            help="days since the deletion; else SOFT_DELETE_DAYS",
        )
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *, days: int, dry_run: bool, json: bool, **options: Any) -> None:
        try:
            counts = purge_deleted(days, dry_run=dry_run)
        except DomainError as error:
            raise CommandError(error.message) from error
        print_counts(self.stdout, counts, as_json=json)
