"""Asks tool servers for their tools."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mcp import services


class Command(BaseCommand):
    help = "Ask every enabled tool server for its tools; exits 1 when one does not answer."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"built in: {services.sync_builtin_servers()} tools")
        counts = services.refresh_servers()
        for slug, count in counts.items():
            self.stdout.write(f"{slug}: {'no answer' if count is None else f'{count} tools'}")
        failed = [slug for slug, count in counts.items() if count is None]
        if failed:
            raise CommandError(f"No answer from {', '.join(failed)}.")
