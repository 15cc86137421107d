"""Where backups lie: one folder each, beside the originals that all of them share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from youworker.backup.exceptions import BackupRefused
from youworker.core.config import config

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST, DUMP, KEYS, VERIFIED = "manifest.json", "database.dump", "keys", "verified.json"
NAME = re.compile(r"\d{8}T\d{6}Z")
# Of a backup that is being made, or was never finished.
DRAFT = ".part"
PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class BackupPlace:
    """A folder that holds backups."""

    root: Path

    @property
    def identity(self) -> Path:
        """The key that opens encrypted backups, itself sealed with the passphrase."""
        return self.root / "identity.age"

    @property
    def erased(self) -> Path:
        """The ids of people who were erased, which every restore erases again."""
        return self.root / "erased.json"

    def files(self, recipient: str) -> Path:
        """The originals, each once; those for one recipient apart from others."""
        return self.root / ("files" if not recipient else f"files-{recipient[-12:]}")

    def names(self) -> list[str]:
        """The names of finished backups, oldest first."""
        if not self.root.is_dir():
            return []
        found = (each.name for each in self.root.iterdir() if (each / MANIFEST).is_file())
        return sorted(name for name in found if NAME.fullmatch(name))

    def folder(self, name: str) -> Path:
        """The folder of one backup."""
        return self.root / name

    def begin(self) -> Path:
        """Make the folder of a new backup, which is none before it is finished."""
        self.root.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
        name = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        draft = self.root / f"{name}{DRAFT}"
        try:
            draft.mkdir(mode=PRIVATE)
        except FileExistsError as error:
            raise BackupRefused("Another backup began in the same second.") from error
        return draft


def number_of(name: str) -> int:
    """The name of a backup as the audit log takes it."""
    return int("".join(filter(str.isdigit, name)))


def place_of(folder: Path) -> tuple[BackupPlace, str]:
    """The place and the name that a path says: one backup, or the newest of a place.

    Raises `BackupRefused` when there is none.
    """
    if NAME.fullmatch(folder.name) and folder.is_dir():
        return BackupPlace(folder.parent), folder.name
    names = BackupPlace(folder).names()
    if not names:
        raise BackupRefused(f"There is no finished backup in {folder}.")
    return BackupPlace(folder), names[-1]


def last_made(place: BackupPlace) -> datetime | None:
    """When the newest finished backup was made, as its name says."""
    names = place.names()
    return datetime.strptime(names[-1], "%Y%m%dT%H%M%S%z") if names else None


def read_last_verified(place: BackupPlace) -> datetime | None:
    """When a backup of this place was last found whole."""
    found: list[str] = []
    for name in place.names():
        try:
            found.append(orjson.loads((place.folder(name) / VERIFIED).read_bytes())["verified_at"])
        except (OSError, ValueError, KeyError):
            continue
    return datetime.fromisoformat(max(found)) if found else None


def refuse_own_data(folder: Path) -> None:
    """Raise `BackupRefused` for a folder inside the data that is to be saved."""
    if folder.resolve().is_relative_to(config.data_dir.resolve()):
        raise BackupRefused("Choose a folder outside of DATA_DIR: both would be lost together.")
