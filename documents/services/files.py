"""The stored originals: rows and files that come and go together."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from django.core.exceptions import SuspiciousFileOperation
from django.db import transaction

from documents.models import StoredFile
from documents.storage import (
    content_storage,
    flush_folders,
    flush_path,
    for_each,
    storage_errors,
    storage_name,
)
from youworker.core.removal import remove_each

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

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
    """Wait until a file would outlive a power failure, and make its folder."""
    flush_path(file.path)
    content_storage().make_folder(storage_name(file.sha256))


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
    with storage_errors():
        for row in rows:
            storage.move_in(wanted[row.sha256].path, row.name, row.size)
    folders = {folder for row in rows for folder in storage.folders_of(row.name)}
    # Whoever handed files in is answered after this; rows without files would be lost ones.
    transaction.on_commit(partial(flush_folders, folders))


def stored_path(file: StoredFile | None) -> Path | None:
    """Where a stored original lies; none when it is not there."""
    if file is None:
        return None
    try:
        path = Path(content_storage().path(file.name))
    except SuspiciousFileOperation:
        return None
    return path if path.is_file() else None


def remove_unused_files(hashes: Collection[str] | None = None) -> int:
    """Remove stored files, all or these ones, that nothing refers to any more; how many."""
    unused = StoredFile.objects.unreferenced()
    if hashes is not None:
        unused = unused.filter(pk__in=hashes)
    return remove_each(unused, remove_stored_file)


def remove_stored_file(file: StoredFile) -> None:
    """Remove one stored file, whose row is locked, with its bytes."""
    file.delete()
    # Before the commit, while whoever stores the same bytes waits for the row.
    content_storage().delete(file.name)


def register_stray_files() -> int:
    """Give rows to files without one, so that they are removed like others; how many.

    They are what a process left that died between moving a file in and its commit.
    """
    adopted = 0
    for hashes in content_storage().list_hashes(FILES_AT_ONCE):
        known = set(StoredFile.objects.filter(pk__in=hashes).values_list("pk", flat=True))
        strays = [stray_of(sha256) for sha256 in sorted(set(hashes) - known)]
        # A file that is being stored just now has its row when this has waited for it.
        StoredFile.objects.bulk_create(strays, ignore_conflicts=True)
        adopted += len(strays)
    return adopted


def stray_of(sha256: str) -> StoredFile:
    """A row for a file that lies in the storage."""
    return StoredFile(sha256=sha256, size=0, name=storage_name(sha256))
