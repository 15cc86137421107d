"""Rows of stored files, and the files."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from documents.models import StoredFile
from documents.services import register_stray_files, remove_unused_files, stray_hashes
from documents.storage import content_storage, storage_name
from youworker.core.inspection import Check, Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

FILES_AT_ONCE = 500
# They are removed every hour.
UNUSED_FOR = timedelta(hours=2)


def find_files_without_rows(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Files that no row knows: what is left of a process that died before its commit."""
    for hashes in stray_hashes():
        for sha256 in hashes:
            size = size_of(storage_name(sha256))
            if size is not None:
                yield Finding(sha256, f"{size} bytes")


def remove_strays(hashes: Sequence[str]) -> int:
    """Remove files without rows, unless they are being stored at this moment; how many."""
    register_stray_files()
    return remove_unused_files(hashes)


def find_rows_without_files(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Rows in use whose bytes are gone."""
    for rows in batches():
        missing = [row.sha256 for row in rows if size_of(row.name) is None]
        yield from (Finding(sha256) for sha256 in used_among(missing))


def find_damaged_files(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Files in use of another size than their row says, or (deep) with other bytes."""
    for rows in batches():
        used = set(used_among([row.sha256 for row in rows]))
        for row in rows:
            size = size_of(row.name)
            if size is None or row.sha256 not in used:
                continue
            if size != row.size:
                yield Finding(row.sha256, f"{size} bytes instead of {row.size}")
            elif deep and (found := digest_of(row.name, size)) not in {row.sha256, None}:
                yield Finding(row.sha256, f"its SHA-256 is {found}")


def find_unused_files(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Files that nothing refers to, and that should have been removed long ago."""
    old = StoredFile.objects.unreferenced().filter(created_at__lt=Now() - UNUSED_FOR)
    for row in old.order_by("pk").iterator(FILES_AT_ONCE):
        yield Finding(row.sha256, f"{row.size} bytes")


def batches() -> Iterator[list[StoredFile]]:
    """All rows in order, some at a time; no transaction stays open meanwhile."""
    last = ""
    while rows := list(
        StoredFile.objects.filter(pk__gt=last).order_by("pk")[:FILES_AT_ONCE],
    ):
        yield rows
        last = rows[-1].pk


def used_among(hashes: Collection[str]) -> list[str]:
    """Those that something refers to, in order."""
    if not hashes:
        return []
    rows = StoredFile.objects.filter(pk__in=hashes)
    unused = set(rows.unreferenced().values_list("pk", flat=True))
    return sorted(set(rows.values_list("pk", flat=True)) - unused)


def size_of(name: str) -> int | None:
    """How many bytes a stored file has; none when it is not there."""
    try:
        return content_storage().size_of(name)
    except OSError:
        return None


def digest_of(name: str, size: int) -> str | None:
    """The SHA-256 of a stored file, read some bytes at a time; none when it cannot be read."""
    digest = hashlib.sha256()
    try:
        for piece in content_storage().pieces(name, 0, size - 1) if size else ():
            digest.update(piece)
    except OSError:
        return None
    return digest.hexdigest()


FILE_CHECKS = (
    Check(
        "files-without-rows",
        _("Stored files without a row"),
        find_files_without_rows,
        remove_strays,
    ),
    Check("rows-without-files", _("Rows whose stored file is gone"), find_rows_without_files),
    Check("damaged-files", _("Stored files that are damaged"), find_damaged_files),
    Check(
        "unused-files",
        _("Stored files that nothing refers to"),
        find_unused_files,
        remove_unused_files,
    ),
)
