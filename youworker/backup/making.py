"""Making a backup beside people's work: rows and files of one moment."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connections
from psycopg.sql import SQL, Identifier

from documents.services import FILES_HELD
from documents.storage import content_storage, ensure_incoming_folder, flush_path, storage_name
from youworker import audit
from youworker.backup import dumping
from youworker.backup.addresses import check_programs
from youworker.backup.buckets import BucketPath, make_folder
from youworker.backup.erased import write_erased
from youworker.backup.exceptions import BackupRefused
from youworker.backup.manifest import Manifest, checksum, write_manifest
from youworker.backup.places import DUMP, KEYS, BackupPlace, number_of, refuse_own_data
from youworker.backup.sealing import Seal, write_draft
from youworker.core.config import config
from youworker.core.models import KeyFingerprint
from youworker.core.sql import lock_names
from youworker.encryption.crypto import current_keys, fingerprints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from youworker.backup.buckets import Location

COUNTED = (
    "accounts_user",
    "chat_session",
    "chat_message",
    "documents_document",
    "auditlog_logentry",
)


@dataclass(frozen=True, slots=True)
class Made:
    """A finished backup; `new_bytes` are those of originals that no earlier one had."""

    name: str
    folder: Location
    manifest: Manifest
    new_files: int
    new_bytes: int


def make_backup(
    folder: Location,
    seal: Seal,
    *,
    with_keys: bool = False,
    progress: Callable[[int], object] = lambda bytes_done: None,
) -> Made:
    """Back the installation up into a folder or a bucket; raises `BackupRefused`.

    Originals are kept once for all backups of the place. Those of an S3 bucket stay there:
    the manifest lists them.
    """
    refuse_own_data(folder)
    check_programs()
    if with_keys and not seal.recipient:
        raise BackupRefused("Keys go into an encrypted backup only.")
    place = BackupPlace(folder)
    draft = place.begin()
    try:
        with hold_moment() as moment, held_files(moment.files) as held:
            moment.release_files()
            dump_into(draft, seal, moment.snapshot)
            lost = (
                [] if held is None else [one for one in moment.files if not (held / one).exists()]
            )
            for sha256 in lost:
                del moment.files[sha256]
            new = copy_files(place, seal, held, moment.files, progress)
        parts = {DUMP + seal.suffix: checksum(draft / (DUMP + seal.suffix))}
        if with_keys:
            parts |= write_keys(draft, seal)
        write_erased(place)
        manifest = manifest_of(moment, parts, seal, lost)
        write_manifest(draft, manifest)
        finished = place.finish(draft)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    audit.record(
        "backup.create", actor=None, backup=number_of(finished.name), files=len(moment.files)
    )
    return Made(finished.name, finished, manifest, *new)


@dataclass(slots=True)
class Moment:
    """What the database says at one moment, and whom it keeps from removing files."""

    snapshot: str
    files: dict[str, int]
    rows: dict[str, int]
    migrations: dict[str, str]
    server_version: int
    release_files: Callable[[], None]


@contextmanager
def hold_moment() -> Iterator[Moment]:
    """Look at the database as it is now, for as long as the block lasts.

    No file is removed until `release_files` is called.
    """
    guard, reader = (connections.create_connection("default") for _ in range(2))
    try:
        guard.set_autocommit(False)
        lock_names(FILES_HELD, held_by=guard)
        reader.set_autocommit(False)
        with reader.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield Moment(release_files=guard.rollback, **look_up(cursor))
    finally:
        reader.close()
        guard.close()


def look_up(cursor: Any) -> dict[str, Any]:
    """What is written down about the moment."""
    cursor.execute(
        "SELECT pg_export_snapshot(), current_setting('server_version_num')::int / 10000"
    )
    snapshot, version = cursor.fetchone()
    cursor.execute("SELECT sha256, size FROM documents_storedfile")
    files = dict(cursor.fetchall())
    rows = {}
    for table in COUNTED:
        cursor.execute(SQL("SELECT count(*) FROM {}").format(Identifier(table)))
        rows[table] = cursor.fetchone()[0]
    cursor.execute("SELECT app, max(name) FROM django_migrations GROUP BY app")
    return {
        "snapshot": snapshot,
        "server_version": version,
        "files": files,
        "rows": rows,
        "migrations": dict(cursor.fetchall()),
    }


@contextmanager
def held_files(files: dict[str, int]) -> Iterator[Path | None]:
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


def dump_into(draft: Path, seal: Seal, snapshot: str) -> None:
    """Dump the database into a backup, sealed if it is to be."""
    plain = draft / DUMP
    dumping.dump_database(snapshot, plain)
    flush_path(plain)
    if seal.recipient:
        with plain.open("rb") as source, write_draft(draft / (DUMP + seal.suffix)) as target:
            seal.write(source, target)
        plain.unlink()


def copy_files(
    place: BackupPlace,
    seal: Seal,
    held: Path | None,
    files: dict[str, int],
    progress: Callable[[int], object],
) -> tuple[int, int]:
    """Copy the originals that the place does not have; how many, and their bytes."""
    count = size = 0
    shelf = place.files(seal.recipient)
    # Asking a bucket for each of them would take longer than to list them.
    there = {file.name for folder, file in place.originals() if folder == shelf}
    for sha256, bytes_of in files.items() if held else ():
        name = storage_name(sha256) + seal.suffix
        source = held / sha256 if held else None
        if source and source.exists() and name.rpartition("/")[2] not in there:
            store_original(source, shelf / name, seal)
            count, size = count + 1, size + bytes_of
        progress(bytes_of)
    return count, size


def store_original(source: Path, target: Location, seal: Seal) -> None:
    """Copy an original to where it is kept, sealed if it is to be."""
    if isinstance(target, BucketPath) and not seal.recipient:
        target.send(source)
        return
    make_folder(target.parent)
    with source.open("rb") as original, write_draft(target) as copied:
        seal.write(original, copied)


def write_keys(draft: Path, seal: Seal) -> dict[str, str]:
    """Seal the encryption keys into the backup; their checksum."""
    name = KEYS + seal.suffix
    with tempfile.TemporaryFile() as plain, write_draft(draft / name) as target:
        plain.write(",".join(current_keys()).encode())
        plain.seek(0)
        seal.write(plain, target)
    return {name: checksum(draft / name)}


def manifest_of(moment: Moment, parts: dict[str, str], seal: Seal, missing: list[str]) -> Manifest:
    """What the finished backup says of itself."""
    needed = KeyFingerprint.objects.filter(retired_at=None).values_list("fingerprint", flat=True)
    first = fingerprints()[0]
    return Manifest(
        made_at=datetime.now(UTC).isoformat(),
        server_version=moment.server_version,
        migrations=moment.migrations,
        keys=[first, *sorted(set(needed) - {first})],
        parts=parts,
        files=moment.files,
        rows=moment.rows,
        recipient=seal.recipient,
        in_bucket=bool(config.storage.url),
        missing=missing,
    )
