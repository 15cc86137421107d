"""Whether a backup is whole and unaltered, and can be read with what is at hand."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from documents.storage import ensure_incoming_folder, storage_name
from youworker.backup import dumping
from youworker.backup.exceptions import BackupRefused
from youworker.backup.listed import check_bucket, named, require_bucket
from youworker.backup.manifest import Manifest, checksum, read_manifest
from youworker.backup.places import DUMP, VERIFIED
from youworker.backup.sealing import SUFFIX, Opener, write_draft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from youworker.backup.buckets import Location
    from youworker.backup.places import BackupPlace


@dataclass(frozen=True, slots=True)
class Verified:
    """A backup that was found whole."""

    manifest: Manifest
    files: int
    bytes: int


def verify_backup(
    place: BackupPlace,
    name: str,
    opener: Opener,
    *,
    bucket_may_lack: bool = False,
    progress: Callable[[int], object] = lambda bytes_done: None,
) -> Verified:
    """Check every byte of a backup; raises `BackupRefused` with what is wrong first.

    Originals that it only lists have to be in the bucket, unless that `may_lack` some.
    """
    folder = place.folder(name)
    manifest = read_manifest(folder)
    check_opener(manifest, opener)
    require_bucket(manifest)
    for part, expected in manifest.parts.items():
        path = folder / Path(part).name
        if not path.is_file() or checksum(path) != expected:
            raise BackupRefused(f"{part} of the backup is missing, cut off or altered.")
    with opened_dump(folder, manifest, opener) as dump:
        dumping.list_dump(dump)
    if not bucket_may_lack:
        check_bucket(manifest)
    found = check_files(place, manifest, opener, progress)
    with write_draft(folder / VERIFIED) as file:
        file.write(orjson.dumps({"verified_at": datetime.now(UTC).isoformat()}))
    return Verified(manifest, len(manifest.files), found)


def check_opener(manifest: Manifest, opener: Opener) -> None:
    """Raise `BackupRefused` when the key at hand is not that of the backup."""
    if manifest.recipient and opener.identity is None:
        raise BackupRefused("The backup is encrypted: give its passphrase or its identity.")
    if not manifest.recipient and opener.identity is not None:
        raise BackupRefused("The backup is not encrypted: leave passphrase and identity out.")
    if opener.identity is not None and str(opener.identity.to_public()) != manifest.recipient:
        raise BackupRefused("This key does not open the backup.")


@contextmanager
def opened_dump(folder: Location, manifest: Manifest, opener: Opener) -> Iterator[Path]:
    """The dump as a plain file, for a block."""
    sealed = folder / (DUMP + (SUFFIX if manifest.recipient else ""))
    if isinstance(sealed, Path) and not manifest.recipient:
        yield sealed
        return
    # Where what is left of a process that was killed is removed.
    with tempfile.TemporaryDirectory(dir=ensure_incoming_folder()) as private:
        plain = Path(private) / DUMP
        with sealed.open("rb") as source, plain.open("wb") as target:
            opener.write(source, target)
        yield plain


def check_files(
    place: BackupPlace, manifest: Manifest, opener: Opener, progress: Callable[[int], object]
) -> int:
    """Read every original and compare it with its name; how many bytes there were.

    Raises `BackupRefused` for those that are missing or others.
    """
    if manifest.in_bucket:
        return 0
    wrong, total = [], 0
    for sha256, size in manifest.files.items():
        if content_hash(place, manifest, sha256, opener) != sha256:
            wrong.append(sha256)
        total += size
        progress(size)
    if wrong:
        raise BackupRefused(f"{len(wrong)} originals are missing or altered: {named(wrong)}")
    return total


def content_hash(place: BackupPlace, manifest: Manifest, sha256: str, opener: Opener) -> str:
    """What an original of a backup really is; empty when it is missing or cannot be opened."""
    digest = hashlib.sha256()
    try:
        with original(place, manifest, sha256).open("rb") as source:
            opener.write(source, Hashing(digest))  # type: ignore[arg-type]  # it is only written to
    except (OSError, BackupRefused):
        return ""
    return digest.hexdigest()


def original(place: BackupPlace, manifest: Manifest, sha256: str) -> Location:
    """Where an original of a backup lies."""
    suffix = SUFFIX if manifest.recipient else ""
    return place.files(manifest.recipient) / (storage_name(sha256) + suffix)


class Hashing:
    """A file of which nothing is kept but its hash."""

    def __init__(self, digest: hashlib._Hash) -> None:
        self.digest = digest

    def write(self, piece: bytes) -> int:
        """Take a piece."""
        self.digest.update(piece)
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back."""
