"""Making a backup beside people's work: rows and files of one moment."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import connections
from psycopg.sql import SQL, Identifier

from documents.services import FILES_HELD
from documents.storage import flush_path
from youworker import audit
from youworker.backup import dumping
from youworker.backup.addresses import check_programs
from youworker.backup.erased import write_erased
from youworker.backup.exceptions import BackupRefused
from youworker.backup.listed import are_left_out
from youworker.backup.manifest import Manifest, checksum, write_manifest
from youworker.backup.originals import Shelf, held_files
from youworker.backup.places import DUMP, KEYS, BackupPlace, number_of, refuse_own_data
from youworker.backup.sealing import Seal, write_draft
from youworker.core.models import KeyFingerprint
from youworker.core.sql import lock_names
from youworker.encryption.crypto import current_keys, fingerprints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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

    Originals are kept once for all backups of the place. Those of an S3 bucket stay there where
    the settings want it: the manifest lists them.
    """
    refuse_own_data(folder)
    check_programs()
    if with_keys and not seal.recipient:
        raise BackupRefused("Keys go into an encrypted backup only.")
    place = BackupPlace(folder)
    draft = place.begin()
    try:
        shelf = Shelf(place, seal, progress)
        shelf.fill_beforehand()
        with hold_moment() as moment, held_files(moment.files) as held:
            missing = shelf.fill_at_moment(moment.files)
            moment.release_files()
            dump_into(draft, seal, moment.snapshot)
            if held is not None:
                missing = [one for one in moment.files if not (held / one).exists()]
                shelf.fill_from(held, moment.files)
        if not are_left_out():
            moment.files = {one: size for one, size in moment.files.items() if shelf.has(one)}
        parts = {DUMP + seal.suffix: checksum(draft / (DUMP + seal.suffix))}
        if with_keys:
            parts |= write_keys(draft, seal)
        write_erased(place)
        manifest = manifest_of(moment, parts, seal, missing)
        write_manifest(draft, manifest)
        finished = place.finish(draft)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    audit.record(
        "backup.create", actor=None, backup=number_of(finished.name), files=len(moment.files)
    )
    return Made(finished.name, finished, manifest, shelf.new_files, shelf.new_bytes)


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


def dump_into(draft: Path, seal: Seal, snapshot: str) -> None:
    """Dump the database into a backup, sealed if it is to be."""
    plain = draft / DUMP
    dumping.dump_database(snapshot, plain)
    flush_path(plain)
    if seal.recipient:
        with plain.open("rb") as source, write_draft(draft / (DUMP + seal.suffix)) as target:
            seal.write(source, target)
        plain.unlink()


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
        in_bucket=are_left_out(),
        missing=missing,
    )
