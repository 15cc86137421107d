"""`manage.py export_account`: everything about a user as a zip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from youworker.data_protection.exports import export_by_operator

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Write everything about a user into a zip."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="whose data is written")
        parser.add_argument(
            "--output", type=Path, required=True, metavar="FILE", help="the zip, which is new"
        )

    def handle(self, *, username: str, output: Path, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username!r}.")
        if output.exists():
            raise CommandError(f"{str(output)!r} is there already.")
        try:
            size = export_by_operator(user, output)
        except OSError as error:
            raise CommandError(f"The file cannot be written: {error}") from error
        self.stdout.write(f"{output}: {size} bytes")
