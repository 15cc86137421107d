"""Where the programs of a backup find the database, and whether they can use what they find."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
from django.db import connection, transaction
from psycopg.conninfo import conninfo_to_dict

from youworker.backup.exceptions import BackupRefused, DatabaseAway
from youworker.backup.programs import path_of, version_of
from youworker.core.config import config
from youworker.core.config.server_urls import with_password
from youworker.core.postgres.pooling import connect, is_pooled_by_transaction, known_words

if TYPE_CHECKING:
    from collections.abc import Mapping

# Held for a moment to see whether two connections lead to the same database.
SAME_DATABASE = 7_240_002


def address_for_programs() -> dict[str, str]:
    """The database in the words of the client library; raises `BackupRefused`."""
    if not config.backup.database_url:
        return known_words(connection.get_connection_params())
    url = with_password(config.backup.database_url, config.database.password)
    try:
        return known_words(conninfo_to_dict(url))
    except psycopg.ProgrammingError:
        # Its error repeats what was said, the password included.
        raise BackupRefused("BACKUP_DATABASE_URL is no address of a PostgreSQL database.") from None


def check_programs() -> None:
    """Raise `BackupRefused` where `pg_dump` could not dump this database."""
    address = address_for_programs()
    try:
        if is_pooled_by_transaction(address):
            raise BackupRefused(
                "The database is reached through a pooler in transaction mode, which no pg_dump "
                "can use: name the server behind it by BACKUP_DATABASE_URL."
            )
        if config.backup.database_url and not is_same_database(address):
            raise BackupRefused("BACKUP_DATABASE_URL leads to another database than DATABASE_URL.")
        with closing(connect(address)) as direct:
            here = direct.info.server_version // 10_000
    except psycopg.OperationalError as error:
        told = str(error).strip().partition("\n")[0]
        raise DatabaseAway(f"The database cannot be reached for backups: {told}") from error
    known = version_of(path_of("pg_dump"))
    if known < here:
        raise BackupRefused(
            f"The server is PostgreSQL {here}, and pg_dump is {known}: name a folder with newer "
            "programs by PG_BIN_DIR."
        )


def is_same_database(address: Mapping[str, Any]) -> bool:
    """Whether an address leads to the database of this process: there it meets our lock."""
    with transaction.atomic(), connection.cursor() as cursor, closing(connect(address)) as direct:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SAME_DATABASE])
        met = direct.execute("SELECT NOT pg_try_advisory_xact_lock(%s)", [SAME_DATABASE])
        row = met.fetchone()
        return bool(row and row[0])
