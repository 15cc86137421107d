"""The originals of a backup: held while they are copied, copied once, and put back."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from documents.models import StoredFile
from documents.storage import content_storage, ensure_incoming_folder, storage_name
from youworker.backup.buckets import BucketPath, make_folder
from youworker.backup.listed import are_left_out
from youworker.backup.sealing import write_draft
from youworker.backup.verifying import original
from youworker.core.config import config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from youworker.backup.buckets import Location
    from youworker.backup.manifest import Manifest
    from youworker.backup.places import BackupPlace
    from youworker.backup.sealing import Opener, Seal


class Shelf:
    """Where a backup's originals go, and which of them are there already."""

    def __init__(self, place: BackupPlace, seal: Seal, progress: Callable[[int], object]) -> None:
        self.seal, self.progress = seal, progress
        self.folder = place.files(seal.recipient)
        # Asking a bucket for each of them would take longer than to list them.
        self.there = {file.name for folder, file in place.originals() if folder == self.folder}
        self.seen: set[str] = set()
        self.new_files = self.new_bytes = 0

    def fill_beforehand(self) -> None:
        """Copy what a bucket holds now, so that little is left for the moment of the backup.

        What is removed meanwhile is left out: it is of no moment that a backup is of.
        """
        if config.storage.url and not are_left_out():
            files = StoredFile.objects.values_list("sha256", "size")
            self.fill(dict(files), self.copy_from_bucket)

    def fill_at_moment(self, files: Mapping[str, int]) -> list[str]:
        """Copy the rest from a bucket, while nobody may remove any; those that are lost."""
        if not config.storage.url or are_left_out():
            return []
        return self.fill(files, self.copy_from_bucket)

    def fill_from(self, held: Path, files: Mapping[str, int]) -> list[str]:
        """Copy what a folder of names of our own holds; those that are lost."""
        return self.fill(files, lambda sha256: self.copy_from_folder(held, sha256))

    def fill(self, files: Mapping[str, int], copy: Callable[[str], bool]) -> list[str]:
        """Copy what is not there yet; what could not be copied."""
        lost = []
        for sha256, size in files.items():
            if not self.has(sha256):
                if not copy(sha256):
                    lost.append(sha256)
                    continue
                self.there.add(self.place_of(sha256).name)
                self.new_files, self.new_bytes = self.new_files + 1, self.new_bytes + size
            if sha256 not in self.seen:
                self.seen.add(sha256)
                self.progress(size)
        return lost

    def copy_from_bucket(self, sha256: str) -> bool:
        """Copy an object that is what its name says; false when it is lost."""
        with content_storage().copy_locally(storage_name(sha256)) as path:
            if path is not None:
                self.store(path, sha256)
            return path is not None

    def copy_from_folder(self, held: Path, sha256: str) -> bool:
        """Copy a held file; false when it is lost."""
        path = held / sha256
        if path.exists():
            self.store(path, sha256)
            return True
        return False

    def store(self, source: Path, sha256: str) -> None:
        """Copy an original to where it is kept, sealed if it is to be."""
        target = self.place_of(sha256)
        if isinstance(target, BucketPath) and not self.seal.recipient:
            target.send(source)
            return
        make_folder(target.parent)
        with source.open("rb") as opened, write_draft(target) as copied:
            self.seal.write(opened, copied)

    def has(self, sha256: str) -> bool:
        """Whether an original is there."""
        return self.place_of(sha256).name in self.there

    def place_of(self, sha256: str) -> Location:
        """Where an original is kept."""
        return self.folder / (storage_name(sha256) + self.seal.suffix)


@contextmanager
def held_files(files: Mapping[str, int]) -> Iterator[Path | None]:
    """Names of our own for stored files, so that their removal does not matter; none on S3."""
    if config.storage.url:
        yield None
        return
    # Where what is left of a process that was killed is removed.
    with tempfile.TemporaryDirectory(dir=ensure_incoming_folder()) as folder:
        hold = Path(folder)
        for sha256 in files:
            with content_storage().copy_locally(storage_name(sha256)) as path:
                if path is not None:
                    link_or_copy(path, hold / sha256)
        yield hold


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file another name; where that is impossible, copy it."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def restore_files(
    place: BackupPlace, manifest: Manifest, opener: Opener, progress: Callable[[int], object]
) -> None:
    """Put the originals into the store; they are nobody's before their rows are there."""
    if manifest.in_bucket:
        return
    put_back = put_into_bucket if config.storage.url else put_into_folder
    for sha256, size in manifest.files.items():
        put_back(original(place, manifest, sha256), opener, sha256, size)
        progress(size)


def put_into_folder(source: Location, opener: Opener, sha256: str, size: int) -> None:
    """Write an original into the folder of the store."""
    target = Path(settings.MEDIA_ROOT) / storage_name(sha256)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with source.open("rb") as sealed, write_draft(target) as file:
        opener.write(sealed, file)


def put_into_bucket(source: Location, opener: Opener, sha256: str, size: int) -> None:
    """Send an original into the bucket of the store, unless it is there."""
    storage = content_storage()
    if storage.size_of(storage_name(sha256)) == size:
        return
    with tempfile.NamedTemporaryFile(dir=ensure_incoming_folder()) as draft:
        with source.open("rb") as sealed:
            opener.write(sealed, draft)  # type: ignore[arg-type]  # it is one in all but name
        draft.flush()
        storage.prepare(Path(draft.name), storage_name(sha256), size)
