"""Originals that a backup only lists, because they stay in a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from documents.storage import content_storage, storage_name
from youworker.backup.exceptions import BackupRefused
from youworker.core.config import config

if TYPE_CHECKING:
    from documents.object_storage import ObjectStorage
    from youworker.backup.manifest import Manifest

# How many of many are named in a sentence, and how much of their names.
NAMED, SHOWN = 3, 12


def are_left_out() -> bool:
    """Whether backups only list the originals, which stay in a bucket."""
    return bool(config.storage.url) and not config.backup.bucket_originals


def absent_files(manifest: Manifest) -> list[str]:
    """The originals that are not in the store, or have another size."""
    storage = content_storage()
    if not config.storage.url:
        files = manifest.files.items()
        return [one for one, size in files if storage.size_of(storage_name(one)) != size]
    left = dict(manifest.files)
    # A request for each of them would take longer: one tells of a thousand.
    for sha256, size in cast("ObjectStorage", storage).sizes():
        if left.get(sha256) == size:
            del left[sha256]
    return list(left)


def check_bucket(manifest: Manifest) -> None:
    """Raise `BackupRefused` when originals that a backup only lists are not in the bucket."""
    require_bucket(manifest)
    if manifest.in_bucket and (lost := absent_files(manifest)):
        raise BackupRefused(
            f"{len(lost)} originals are not in the bucket of STORAGE_URL any more, or have another "
            f"size: {named(lost)}"
        )


def require_bucket(manifest: Manifest) -> None:
    """Raise `BackupRefused` for a backup that only lists its originals where no bucket is set."""
    if manifest.in_bucket and not config.storage.url:
        raise BackupRefused(
            "The originals of this backup are in a bucket only: set STORAGE_URL as it was."
        )


def named(hashes: list[str]) -> str:
    """The first of many."""
    return ", ".join(one[:SHOWN] for one in hashes[:NAMED]) + " …"
