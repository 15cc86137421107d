"""A backup into an empty installation; whatever is wrong is found before anything is touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from psycopg.sql import SQL, Identifier

from accounts.models import User
from chat.models import Message, Session
from documents.models import Document, StoredFile
from youworker import audit
from youworker.appliance.embedded.attach import Servers
from youworker.audit.verification import verify_log
from youworker.backup import dumping
from youworker.backup.addresses import check_programs
from youworker.backup.erased import erase_again, read_erased
from youworker.backup.exceptions import BackupRefused
from youworker.backup.listed import absent_files, named
from youworker.backup.originals import restore_files
from youworker.backup.places import number_of
from youworker.backup.verifying import opened_dump, verify_backup
from youworker.core.redis import sync_redis
from youworker.encryption.crypto import SHOWN, fingerprints
from youworker.encryption.fields import Damaged
from youworker.encryption.keyring import require_keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from youworker.backup.manifest import Manifest
    from youworker.backup.places import BackupPlace
    from youworker.backup.sealing import Opener

OTHERS = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
# Messages looked at; damage of single ones is for the data check.
LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Restored:
    """What is there again."""

    manifest: Manifest
    audit_entries: int
    erased_again: int
    # What is not as it should be, although everything was restored that the backup has.
    doubts: list[str]


def restore_backup(
    place: BackupPlace,
    name: str,
    opener: Opener,
    *,
    progress: Callable[[int], object] = lambda bytes_done: None,
) -> Restored:
    """Restore a backup, or raise `BackupRefused` before anything was changed.

    Who was erased since is erased again. Answers that were in the making end as interrupted.
    """
    # What costs nothing comes before every byte is read.
    check_empty()
    check_programs()
    erased = read_erased(place)
    # What a bucket lost does not keep the rest from coming back.
    manifest = verify_backup(place, name, opener, bucket_may_lack=True).manifest
    check_versions(manifest)
    check_key_ring(manifest)
    restore_files(place, manifest, opener, progress)
    with opened_dump(place.folder(name), manifest, opener) as dump:
        replace_tables(dump)
    forget_the_present()
    call_command("migrate", interactive=False, verbosity=0)
    require_keys()
    entries, doubts = look_again(manifest)
    again = erase_again(erased)
    audit.record("backup.restore", actor=None, backup=number_of(name), erased_again=again)
    return Restored(manifest, entries, again, doubts)


def check_versions(manifest: Manifest) -> None:
    """Raise `BackupRefused` for a backup that newer code, or a newer server, wrote."""
    known = MigrationLoader(None).disk_migrations
    newer = [app for app, name in manifest.migrations.items() if is_unknown(app, name, known)]
    if newer:
        raise BackupRefused(
            f"The backup was made by a newer version (tables of {', '.join(sorted(newer))}): "
            "install that version or a later one first."
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        here = cursor.fetchone()[0]
    if here < manifest.server_version:
        raise BackupRefused(
            f"The backup is of PostgreSQL {manifest.server_version}, this server is {here}."
        )


def is_unknown(app: str, name: str, known: Any) -> bool:
    """Whether this version has an app, and not this migration of it."""
    return any(label == app for label, _ in known) and (app, name) not in known


def check_key_ring(manifest: Manifest) -> None:
    """Raise `BackupRefused` when rows of the backup could not be read here."""
    missing = [key[:SHOWN] for key in manifest.keys if key not in fingerprints()]
    if missing:
        raise BackupRefused(
            f"MESSAGE_ENCRYPTION_KEYS lacks {', '.join(missing)} (fingerprint): put the keys of "
            "the backup's installation in first."
        )


def check_empty() -> None:
    """Raise `BackupRefused` where somebody works already, or could begin to."""
    with connection.cursor() as cursor:
        cursor.execute(OTHERS)
        others = cursor.fetchone()[0]
    if others:
        raise BackupRefused("Stop the product first: others are connected to its database.")
    # Nobody has prepared a database that was just made.
    if not connection.introspection.table_names():
        return
    people = User.objects.exclude(is_superuser=True).exists() or User.objects.count() > 1
    rows = (Session.all_objects, Document.all_objects, StoredFile.objects)
    if people or any(manager.exists() for manager in rows):
        raise BackupRefused(
            "This installation is not empty: restore into a new DATA_DIR, or a new database."
        )


def replace_tables(dump: Path) -> None:
    """Fill the database from a dump in place of its empty tables."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    connections.close_all()
    dumping.restore_database(dump)


def forget_the_present() -> None:
    """Empty our own Redis, which knows another past: queues, event logs, counters.

    Somebody else's may hold more than what is ours.
    """
    if Servers.current is not None and Servers.current.redis is not None:
        sync_redis().flushdb()


def look_again(manifest: Manifest) -> tuple[int, list[str]]:
    """How many entries the audit log has, and sentences about what is not as it should be."""
    report, doubts = verify_log(), []
    if report.error is not None:
        doubts.append(f"The audit log is damaged: {report.error}")
    said = list(Message.objects.exclude(content="").order_by("-created_at")[:LOOKED_AT])
    damaged = sum(isinstance(message.content, Damaged) for message in said)
    if damaged:
        doubts.append(f"{damaged} of the last {len(said)} messages cannot be decrypted.")
    for table, count in manifest.rows.items():
        if (found := count_rows(table)) < count:
            doubts.append(f"{table} has {found} rows and had {count}.")
    if lost := absent_files(manifest):
        doubts.append(f"{len(lost)} originals are not in the store: {named(lost)}")
    return int(report.head.seq), doubts


def count_rows(table: str) -> int:
    """How many rows a table has."""
    with connection.cursor() as cursor:
        cursor.execute(SQL("SELECT count(*) FROM {}").format(Identifier(table)))
        return int(cursor.fetchone()[0])
