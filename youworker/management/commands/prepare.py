"""`manage.py prepare`: what has to be done once before web processes and workers may start."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from youworker.appliance.bootstrap import is_prepared, prepare_database
from youworker.core.commands import first_line, sentence_for_database

if TYPE_CHECKING:
    from argparse import ArgumentParser

LOOK_SECONDS = 1.0


class Command(BaseCommand):
    help = "Bring the database up to date and make the first superuser; safe beside another one."
    # Needs tables that may not exist yet.
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--wait",
            type=float,
            metavar="SECONDS",
            help="change nothing: wait so long until somebody else has done it",
        )

    def handle(self, *, wait: float | None, **options: Any) -> None:
        if wait is not None:
            self.wait_for_others(wait)
            return
        prepare_database(self.stdout.write)

    def wait_for_others(self, seconds: float) -> None:
        """Return when the database is that of this version; raises `CommandError`."""
        deadline = time.monotonic() + seconds
        while reason := self.obstacle():
            if time.monotonic() > deadline:
                raise CommandError(reason)
            time.sleep(LOOK_SECONDS)

    def obstacle(self) -> str:
        """Why nobody can begin yet; empty when everybody can."""
        try:
            return "" if is_prepared() else "The database is not prepared: run manage.py prepare."
        except DatabaseError as error:
            # A connection that broke is of no use any more.
            connection.close()
            return sentence_for_database(error) or first_line(error)
