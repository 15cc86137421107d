"""Asks tool servers for their tools."""

from __future__ import annotations

from json import dumps
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from mcp import services

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Ask every enabled tool server for its tools; exits 1 when one does not answer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *, json: bool, **options: Any) -> None:
        builtin = services.sync_builtin_servers()
        counts = services.refresh_servers()
        if json:
            self.stdout.write(dumps({"built_in": builtin, "servers": counts}))
        else:
            self.stdout.write(f"built in: {builtin} tools")
            for slug, count in counts.items():
                self.stdout.write(f"{slug}: {'no answer' if count is None else f'{count} tools'}")
        failed = [slug for slug, count in counts.items() if count is None]
        if failed:
            raise CommandError(f"No answer from {', '.join(failed)}.")
