"""`manage.py restore DIR`: a backup into an empty installation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from youworker.backup.places import place_of
from youworker.backup.restoring import restore_backup
from youworker.core.exceptions import DomainError
from youworker.management.backup_arguments import add_opening, chosen_opener

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Restore a backup into an empty installation, which nobody uses yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="one backup, or a place: its newest")
        add_opening(parser)

    def handle(self, *, folder: Path, **options: Any) -> None:
        try:
            place, name = place_of(folder)
            opener = chosen_opener(place, options)
            with tqdm(unit="B", unit_scale=True, disable=None) as bar:
                restored = restore_backup(place, name, opener, progress=bar.update)
        except (DomainError, OSError) as error:
            raise CommandError(getattr(error, "message", None) or str(error)) from error
        rows = restored.manifest.rows
        self.stdout.write(
            f"Restored {name}: {rows['chat_message']:,} messages, "
            f"{len(restored.manifest.files):,} originals, {restored.audit_entries:,} audit entries"
        )
        if restored.erased_again:
            self.stdout.write(
                f"{restored.erased_again} people who were erased since are erased again "
                "as soon as the product runs."
            )
        if restored.doubts:
            raise CommandError("\n".join(restored.doubts))
