"""What the commands about backups ask for: passphrases and keys, never on the command line."""

from __future__ import annotations

import getpass
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from youworker.backup.buckets import location_of
from youworker.backup.exceptions import BackupRefused
from youworker.backup.places import place_of
from youworker.backup.sealing import (
    Opener,
    Seal,
    identity_in,
    open_identity,
    seal_for,
    seal_with_passphrase,
)
from youworker.core.config import config
from youworker.core.exceptions import DomainError

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable

    from youworker.backup.places import BackupPlace


class BackupReader(BaseCommand):
    """A command that reads one backup: what is asked for, and how refusals are told."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", help="one backup, or a place (a folder, s3://…): its newest")
        kinds = parser.add_mutually_exclusive_group()
        kinds.add_argument("--identity", type=Path, help="file with the age identity")
        add_passphrase(kinds)
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *, folder: str, **options: Any) -> None:
        try:
            place, name = place_of(location_of(folder))
            opener = chosen_opener(place, options)
            with tqdm(unit="B", unit_scale=True, disable=None) as bar:
                said = self.read(place, name, opener, bar.update)
        except (DomainError, OSError) as error:
            raise CommandError(getattr(error, "message", None) or str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({"name": name, **self.figures(said)}))
            self.refuse(said)
        else:
            self.tell(place, name, said)
            self.refuse(said)

    def read(
        self, place: BackupPlace, name: str, opener: Opener, progress: Callable[[int], object]
    ) -> Any:
        """Do what the command is for."""
        raise NotImplementedError

    def tell(self, place: BackupPlace, name: str, said: Any) -> None:
        """Print what came of it."""
        raise NotImplementedError

    def figures(self, said: Any) -> dict[str, Any]:
        """What came of it, for programs."""
        raise NotImplementedError

    def refuse(self, said: Any) -> None:
        """Raise `CommandError` where what came of it is not good enough."""


def add_sealing(parser: ArgumentParser) -> None:
    """Add the options that encrypt."""
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--recipient", help="encrypt for this age recipient (age1…)")
    add_passphrase(kinds)


def add_passphrase(kinds: Any) -> None:
    """Add the options of a passphrase."""
    kinds.add_argument(
        "--passphrase-file", type=Path, help="file with the passphrase, on its first line"
    )
    kinds.add_argument(
        "--passphrase", action="store_true", help="ask for one, or take BACKUP_PASSPHRASE"
    )


def chosen_seal(place: BackupPlace, options: dict[str, Any]) -> Seal:
    """How a backup is to be encrypted; raises `BackupRefused`."""
    if options["recipient"]:
        return seal_for(options["recipient"])
    phrase = given_passphrase(options)
    return seal_with_passphrase(place, phrase) if phrase else Seal()


def chosen_opener(place: BackupPlace, options: dict[str, Any]) -> Opener:
    """What opens a backup; raises `BackupRefused`."""
    if options["identity"]:
        return Opener(identity_in(options["identity"]))
    phrase = given_passphrase(options)
    return Opener(open_identity(place, phrase)) if phrase else Opener()


def given_passphrase(options: dict[str, Any]) -> str:
    """The passphrase, wherever it is; empty when none is wanted."""
    if options["passphrase_file"]:
        lines = options["passphrase_file"].read_text().splitlines()
        phrase = lines[0].strip() if lines else ""
    elif not options["passphrase"]:
        return ""
    elif config.backup.passphrase:
        phrase = config.backup.passphrase
    elif sys.stdin.isatty():
        phrase = getpass.getpass("Passphrase: ")
    else:
        raise BackupRefused("There is no terminal to ask on: use --passphrase-file.")
    if not phrase:
        raise BackupRefused("The passphrase is empty.")
    return str(phrase)
