"""Verifying the hash chain of the audit log, in Python and without the functions that made it."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import connection, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

GENESIS = "0" * 64
ROWS_AT_ONCE = 2000

# JSON and addresses as PostgreSQL writes them, so that both sides hash the same text. A forged time
# that Python does not know would end the verification; read as NULL it is found.
LINKS = """
    SELECT l.seq, l.entry_id, l.previous, l.hash,
           CASE WHEN l.linked_at BETWEEN '0002-01-01' AND '9999-01-01' THEN l.linked_at END,
           e.id IS NOT NULL, e.actor_id::text, e.additional_data ->> 'actor', t.time,
           e.id, e.content_type_id, e.object_pk, e.object_id, e.object_repr,
           e.serialized_data::text, e.action, e.changes_text, e.changes::text, e.cid,
           e.remote_addr::text, e.remote_port, t.time, e.additional_data::text, e.actor_email
    FROM common_auditlink AS l
    LEFT JOIN auditlog_logentry AS e ON e.id = l.entry_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN e.timestamp BETWEEN '0002-01-01' AND '9999-01-01' THEN e.timestamp END
    ) AS t(time)
    WHERE l.seq > %s ORDER BY l.seq
"""
UNLINKED = """
    SELECT e.id,
           CASE WHEN e.timestamp BETWEEN '0002-01-01' AND '9999-01-01' THEN e.timestamp END
    FROM auditlog_logentry AS e
    LEFT JOIN common_auditlink AS l ON l.entry_id = e.id
    WHERE l.seq IS NULL ORDER BY e.id LIMIT 1
"""
# The one field outside the hash: it may be empty only when its user is gone.
WITHOUT_ACTOR = """
    SELECT l.seq, e.id, e.timestamp
    FROM auditlog_logentry AS e
    JOIN {users} AS u ON u.id::text = e.additional_data ->> 'actor'
    JOIN common_auditlink AS l ON l.entry_id = e.id
    WHERE e.actor_id IS NULL ORDER BY l.seq LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class ChainHead:
    """A place in the chain: that many entries, and the hash of the last of them."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class ChainError:
    """The first thing that is wrong; `seq` is None for an entry without a place."""

    kind: str
    seq: int | None
    entry_id: int | None
    time: datetime | None
    detail: str

    def __str__(self) -> str:
        place = "without a place in the chain" if self.seq is None else f"at place {self.seq}"
        entry = "" if self.entry_id is None else f", entry {self.entry_id}"
        time = "" if self.time is None else f", {self.time.astimezone(UTC).isoformat()}"
        return f"{self.kind} {place}{entry}{time}: {self.detail}"


class ChainEntry(NamedTuple):
    """A row of the chain beside the entry it is about."""

    seq: int
    entry_id: int
    previous: str
    hash: str
    linked_at: datetime
    is_there: bool
    actor: str | None
    pseudonym: str | None
    time: datetime | None
    fields: tuple[Any, ...]


def read_entries(seq: int) -> Generator[ChainEntry]:
    """The chain from a place on; a cursor of the server, so that memory stays small."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(LINKS, [seq])
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            for row in rows:
                yield ChainEntry._make((*row[:9], row[9:]))


def verify_chain(
    start: ChainHead, reached: Callable[[ChainEntry], ChainError | None]
) -> ChainHead | ChainError:
    """Check every entry after `start`; the head, or the first error.

    `reached` is told every entry that is sound, and may find an error of its own.
    """
    head = start
    with closing(read_entries(start.seq)) as entries:
        for entry in entries:
            error = error_of(entry, head) or reached(entry)
            if error is not None:
                return error
            head = ChainHead(entry.seq, entry.hash)
    return head


def error_of(entry: ChainEntry, head: ChainHead) -> ChainError | None:
    """What is wrong with the entry that should follow `head`."""

    def error(kind: str, detail: str) -> ChainError:
        return ChainError(kind, entry.seq, entry.entry_id, entry.time or entry.linked_at, detail)

    if entry.seq != head.seq + 1:
        missing = (
            f"places {head.seq + 1} to {entry.seq - 1} are missing before entry {entry.entry_id}"
        )
        return ChainError("deleted", head.seq + 1, None, entry.time or entry.linked_at, missing)
    if entry.previous != head.hash:
        return error("reordered", "it does not follow the entry before it")
    if not entry.is_there:
        return error("deleted", "the entry is gone")
    if hash_of(entry) != entry.hash:
        return error("edited", "the entry is not what was written")
    if entry.actor is not None and entry.pseudonym is not None and entry.actor != entry.pseudonym:
        return error("edited", "it names another actor than was written")
    return None


def hash_of(entry: ChainEntry) -> str:
    """The hash of an entry, computed from what the entry says now."""
    fields = (entry.previous, entry.seq, entry.linked_at, *entry.fields)
    return hashlib.sha256(b"".join(map(framed, fields))).hexdigest()


def framed(value: Any) -> bytes:
    """One field with its length before it, so that no two lists of fields look the same."""
    if value is None:
        return b"-,"
    if isinstance(value, datetime):
        value = value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    raw = str(value).encode()
    return b"%d:%s," % (len(raw), raw)


def find_unlinked() -> ChainError | None:
    """An entry that came in past the chain."""
    with connection.cursor() as cursor:
        cursor.execute(UNLINKED)
        row = cursor.fetchone()
    if row is None:
        return None
    entry_id, time = row
    return ChainError("inserted", None, entry_id, time, "the entry was written past the chain")


def find_without_actor() -> ChainError | None:
    """An entry whose actor was taken out although the user is there."""
    table = connection.ops.quote_name(get_user_model()._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(WITHOUT_ACTOR.format(users=table))
        row = cursor.fetchone()
    if row is None:
        return None
    seq, entry_id, time = row
    return ChainError("edited", seq, entry_id, time, "its actor was taken out")


def count_entries() -> int:
    """How many entries the chain has: its last place."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(seq), 0) FROM common_auditlink")
        return int((cursor.fetchone() or [0])[0])
