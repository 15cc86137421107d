"""`manage.py apply_retention`: what the scheduler does every day, now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from youworker.core.commands import print_counts
from youworker.data_protection.purge import apply_retention

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = (
        "Remove conversations for good that outlived RETENTION_DAYS or the rule of a group, and "
        "usage older than USAGE_RETENTION_DAYS."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *, dry_run: bool, json: bool, **options: Any) -> None:
        print_counts(self.stdout, apply_retention(dry_run=dry_run), as_json=json)
