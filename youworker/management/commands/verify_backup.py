"""`manage.py verify_backup DIR`: can this backup be restored?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from youworker.backup.places import place_of
from youworker.backup.verifying import verify_backup
from youworker.core.exceptions import DomainError
from youworker.management.backup_arguments import add_opening, chosen_opener

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Read a whole backup, and say whether it is whole, unaltered and can be opened."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="one backup, or a place: its newest")
        add_opening(parser)

    def handle(self, *, folder: Path, **options: Any) -> None:
        try:
            place, name = place_of(folder)
            opener = chosen_opener(place, options)
            with tqdm(unit="B", unit_scale=True, disable=None) as bar:
                found = verify_backup(place, name, opener, progress=bar.update)
        except (DomainError, OSError) as error:
            raise CommandError(getattr(error, "message", None) or str(error)) from error
        self.stdout.write(
            f"{place.folder(name)} is whole: {found.files:,} originals, {found.bytes:,} bytes, "
            f"made {found.manifest.made_at}"
        )
