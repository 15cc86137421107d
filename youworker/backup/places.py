"""Where backups lie, in a folder or a bucket: one each, beside the originals that all share."""

from __future__ import annotations

import re
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import orjson

from documents.exceptions import StorageUnavailable
from documents.storage import ensure_incoming_folder, flush_path
from youworker.backup.buckets import BucketPath, Location, location_of, remove_folder
from youworker.backup.exceptions import BackupRefused
from youworker.core.config import config

if TYPE_CHECKING:
    from collections.abc import Iterator

MANIFEST, DUMP, KEYS, VERIFIED = "manifest.json", "database.dump", "keys", "verified.json"
NAME = re.compile(r"\d{8}T\d{6}Z")
# Of a backup that is being made, or was never finished.
DRAFT = ".part"
PRIVATE = 0o700
# What was not finished by then never will be.
ABANDONED = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class BackupPlace:
    """A folder, or a part of a bucket, that holds backups."""

    root: Location

    @property
    def identity(self) -> Location:
        """The key that opens encrypted backups, itself sealed with the passphrase."""
        return self.root / "identity.age"

    @property
    def erased(self) -> Location:
        """The ids of people who were erased, which every restore erases again."""
        return self.root / "erased.json"

    def files(self, recipient: str) -> Location:
        """The originals, each once; those for one recipient apart from others."""
        return self.root / ("files" if not recipient else f"files-{recipient[-12:]}")

    def names(self) -> list[str]:
        """The names of finished backups, oldest first."""
        return [name for name in self.begun() if (self.folder(name) / MANIFEST).is_file()]

    def begun(self) -> list[str]:
        """The names of backups, oldest first, among them those in a bucket that never ended."""
        if isinstance(self.root, BucketPath):
            found = self.root.names()
        elif self.root.is_dir():
            found = [each.name for each in self.root.iterdir()]
        else:
            found = []
        return sorted(name for name in found if NAME.fullmatch(name))

    def folder(self, name: str) -> Location:
        """The folder of one backup."""
        return self.root / name

    def originals(self) -> Iterator[tuple[Location, Location]]:
        """All stored originals, each behind the folder that it is of."""
        if isinstance(self.root, BucketPath):
            for name in self.root.names():
                if name.startswith("files"):
                    folder = self.root / name
                    yield from ((folder, file) for file in folder.walk())
            return
        for place in self.root.glob("files*"):
            yield from ((place, file) for file in place.glob("*/*/*"))

    def begin(self) -> Path:
        """Make the folder of a new backup, which is none before it is finished.

        What goes into a bucket is put together here first.
        """
        name = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        if isinstance(self.root, BucketPath):
            return Path(tempfile.mkdtemp(prefix=f"{name}.", dir=ensure_incoming_folder()))
        self.root.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
        draft = self.root / f"{name}{DRAFT}"
        try:
            draft.mkdir(mode=PRIVATE)
        except FileExistsError as error:
            raise BackupRefused("Another backup began in the same second.") from error
        return draft

    def finish(self, draft: Path) -> Location:
        """Make a backup of a whole draft; where it lies."""
        finished = self.root / draft.name.partition(".")[0]
        if not isinstance(finished, BucketPath):
            flush_path(draft)
            return draft.rename(finished)
        if finished.is_dir():
            raise BackupRefused("Another backup began in the same second.")
        try:
            # The manifest comes last: without it there is no backup.
            for part in sorted(draft.iterdir(), key=lambda each: each.name == MANIFEST):
                (finished / part.name).send(part)
        except BaseException:
            with suppress(StorageUnavailable):
                finished.remove_all()
            raise
        shutil.rmtree(draft)
        return finished

    def remove(self, name: str) -> None:
        """Remove a backup, and first what makes it one: one that is removed half is none."""
        (self.folder(name) / MANIFEST).unlink()
        remove_folder(self.folder(name))

    def remove_abandoned(self) -> None:
        """Remove backups whose making ended long ago without an end."""
        limit = datetime.now(UTC) - ABANDONED
        if isinstance(self.root, BucketPath):
            for name in set(self.begun()) - set(self.names()):
                if moment_of(name) < limit:
                    remove_folder(self.folder(name))
            self.root.abort_uploads(ABANDONED)
            return
        for draft in self.root.glob(f"*{DRAFT}"):
            if draft.stat().st_mtime < limit.timestamp():
                shutil.rmtree(draft, ignore_errors=True)


def number_of(name: str) -> int:
    """The name of a backup as the audit log takes it."""
    return int("".join(filter(str.isdigit, name)))


def moment_of(name: str) -> datetime:
    """When a backup was begun, as its name says."""
    return datetime.strptime(name, "%Y%m%dT%H%M%S%z")


def place_of(folder: Location) -> tuple[BackupPlace, str]:
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
    return moment_of(names[-1]) if names else None


def read_last_verified(place: BackupPlace) -> datetime | None:
    """When a backup of this place was last found whole."""
    found: list[str] = []
    for name in place.names():
        try:
            found.append(orjson.loads((place.folder(name) / VERIFIED).read_bytes())["verified_at"])
        except (OSError, ValueError, KeyError):
            continue
    return datetime.fromisoformat(max(found)) if found else None


def refuse_own_data(folder: Location) -> None:
    """Raise `BackupRefused` for a place inside the data that is to be saved."""
    if isinstance(folder, BucketPath):
        if config.storage.url and urlsplit(config.storage.url).netloc == folder.bucket:
            raise BackupRefused(
                "Choose another bucket than that of STORAGE_URL: both would be lost together."
            )
        return
    if folder.resolve().is_relative_to(config.data_dir.resolve()):
        raise BackupRefused("Choose a folder outside of DATA_DIR: both would be lost together.")


def configured_place() -> BackupPlace:
    """Where scheduled backups go; raises `BackupRefused` for what is no place."""
    return BackupPlace(location_of(config.backup.directory))
