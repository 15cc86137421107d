"""The stored originals: rows and files that come and go together."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from django.db import transaction

from documents.models import StoredFile
from documents.storage import (
    content_storage,
    flush_folders,
    for_each,
    storage_name,
)
from youworker.core.removal import remove_each
from youworker.core.sql import lock_names

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Iterator
    from pathlib import Path

# Whoever holds this name alone keeps stored files where they are.
FILES_HELD = "stored files are held"
# Files of one query when strays are looked for.
FILES_AT_ONCE = 500


class CompleteFile(Protocol):
    """Bytes that were received as a whole and lie beside the file store."""

    @property
    def path(self) -> Path: ...
    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> str: ...


def prepare_files(files: Iterable[CompleteFile]) -> None:
    """Do what takes long before files are stored: flush them, make their folders.

    Not in a transaction. Raises `StorageFull`.
    """
    for_each(prepare_file, files)


def prepare_file(file: CompleteFile) -> None:
    """Wait until a file would outlive a power failure, or is with the server that keeps it."""
    content_storage().prepare(file.path, storage_name(file.sha256), file.size)


def move_to_storage(files: Iterable[CompleteFile]) -> None:
    """Make prepared files stored ones, each content once; raises `StorageFull`.

    Runs in the caller's transaction, which has to write what refers to them: it holds their rows,
    so that a removal of the same content is over before, or looks again afterwards.
    """
    wanted = {file.sha256: file for file in files}
    rows = [
        StoredFile(sha256=sha256, size=wanted[sha256].size, name=storage_name(sha256))
        # In one order everywhere, so that two transactions never wait for each other.
        for sha256 in sorted(wanted)
    ]
    # The update locks rows that are there; a row that is being removed is waited for and made anew.
    StoredFile.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["sha256"], update_fields=["size", "name"]
    )
    storage = content_storage()
    for_each(lambda row: storage.move_in(wanted[row.sha256].path, row.name, row.size), rows)
    folders = {folder for row in rows for folder in storage.folders_of(row.name)}
    # Whoever handed files in is answered after this; rows without files would be lost ones.
    transaction.on_commit(partial(flush_folders, folders))


@dataclass(frozen=True, slots=True)
class StoredOriginal:
    """The bytes of an original, wherever they are kept."""

    name: str
    size: int

    def pieces(self, first: int, last: int) -> Generator[bytes, None, None]:
        """Those from `first` to `last`, both included."""
        return content_storage().pieces(self.name, first, last)


def stored_original(file: StoredFile | None) -> StoredOriginal | None:
    """A stored original; none when it is not there."""
    size = None if file is None else content_storage().size_of(file.name)
    return None if file is None or size is None else StoredOriginal(file.name, size)


@contextmanager
def local_original(file: StoredFile | None) -> Iterator[Path | None]:
    """A stored original as a file of this machine, for a `with` block; none when it is not there.

    It is copied where a server keeps it. Raises `StorageFull` and `StorageUnavailable`.
    """
    if file is None:
        yield None
        return
    with content_storage().copy_locally(file.name) as path:
        yield path


def remove_unused_files(hashes: Collection[str] | None = None) -> int:
    """Remove stored files, all or these ones, that nothing refers to any more; how many."""
    unused = StoredFile.objects.unreferenced()
    if hashes is not None:
        unused = unused.filter(pk__in=hashes)
    return remove_each(unused, remove_stored_file)


def remove_stored_file(file: StoredFile) -> None:
    """Remove one stored file, whose row is locked, with its bytes."""
    lock_names(FILES_HELD, shared=True)
    file.delete()
    # Before the commit, while whoever stores the same bytes waits for the row.
    content_storage().delete(file.name)


def register_stray_files() -> int:
    """Give rows to files without one, so that they are removed like others; how many.

    They are what a process left that died between moving a file in and its commit.
    """
    adopted = 0
    for hashes in stray_hashes():
        strays = [stray_of(sha256) for sha256 in hashes]
        # A file that is being stored just now has its row when this has waited for it.
        StoredFile.objects.bulk_create(strays, ignore_conflicts=True)
        adopted += len(strays)
    return adopted


def stray_hashes() -> Iterator[list[str]]:
    """The hashes of files without a row, some at a time."""
    for hashes in content_storage().list_hashes(FILES_AT_ONCE):
        known = set(StoredFile.objects.filter(pk__in=hashes).values_list("pk", flat=True))
        yield sorted(set(hashes) - known)


def stray_of(sha256: str) -> StoredFile:
    """A row for a file that lies in the storage."""
    return StoredFile(sha256=sha256, size=0, name=storage_name(sha256))
