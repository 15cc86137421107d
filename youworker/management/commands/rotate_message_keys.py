"""`manage.py rotate_message_keys`: everything encrypted with the first key, online."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from youworker.appliance import key_rotation
from youworker.core.exceptions import DomainError
from youworker.encryption import rotation
from youworker.encryption.crypto import SHOWN, fingerprints
from youworker.encryption.keyring import older_keys, require_keys

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from youworker.encryption.rotation import Tally


class Command(BaseCommand):
    help = "Encrypt all private content with the first key, beside people who work."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_mutually_exclusive_group()
        acts.add_argument("--new", action="store_true", help="make a new key first (embedded)")
        acts.add_argument("--dry-run", action="store_true", help="only count")
        acts.add_argument(
            "--drop-old", action="store_true", help="remove all keys but the first, if unused"
        )

    def handle(self, *, new: bool, dry_run: bool, drop_old: bool, **options: Any) -> None:
        require_keys()
        try:
            if drop_old:
                self.drop()
            elif dry_run:
                self.print_tally(rotation.rotate(dry_run=True))
            else:
                if new:
                    key_rotation.add_key()
                self.rotate()
        except DomainError as error:
            raise CommandError(error.message) from error

    def rotate(self) -> None:
        """Rotate with a bar on a terminal, and say what may follow."""
        with tqdm(total=rotation.count_rows(), unit="rows", disable=None) as bar:
            tally, is_clean = key_rotation.rotate_keys(bar.update)
        older = ", ".join(older_keys())
        if older and is_clean:
            self.stdout.write(
                f"Nothing is encrypted with {older} any more; --drop-old removes what is unused. "
                "Backups made before this need those keys."
            )
        if not is_clean:
            self.stderr.write(
                "Older keys stay in use: a transaction lasts too long, or a process still has an "
                "older list of keys. Restart such processes, and run this again."
            )
        self.print_tally(tally)
        if not is_clean:
            raise CommandError("The rotation is not complete.")

    def drop(self) -> None:
        """Drop what is unused."""
        dropped, is_ours = key_rotation.drop_old_keys()
        names = ", ".join(dropped)
        if is_ours:
            self.stdout.write(f"Dropped {names}. Backups made before the rotation need them.")
        else:
            self.stdout.write(f"Unused, remove from MESSAGE_ENCRYPTION_KEYS: {names}.")

    def print_tally(self, tally: Tally) -> None:
        """Print the figures; what is damaged makes the command fail."""
        self.stdout.write(
            f"{tally.values:,} values, {tally.rotated:,} encrypted anew with "
            f"{fingerprints()[0][:SHOWN]}, {tally.old:,} still with older keys, "
            f"{tally.damaged:,} damaged"
        )
        for place in tally.places:
            self.stderr.write(f"damaged: {place}")
        if tally.damaged:
            raise CommandError(
                f"{tally.damaged:,} values cannot be read; nothing of them was lost."
            )
