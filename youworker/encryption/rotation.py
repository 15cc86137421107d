"""Encrypting everything with the first key, beside people who go on writing."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connection, models
from psycopg import Cursor

from youworker.encryption.crypto import Undecryptable, renewed
from youworker.encryption.fields import EncryptedTextField

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

BATCH = 200
MOST_PASSES = 10
MOST_NAMED = 1000
# Somebody who looked at the keys a moment ago has sent what they encrypted by then.
SETTLE_SECONDS = 1.0
PATIENCE_SECONDS = 60.0

Change = tuple[Any, str, str]


@dataclass(slots=True)
class Tally:
    """What a pass found; a value is one encrypted column of one row."""

    values: int = 0
    # Encrypted with an older key when the pass came by.
    old: int = 0
    rotated: int = 0
    damaged: int = 0
    # Where damaged values stand: table.column:id.
    places: list[str] = field(default_factory=list)

    def note_damage(self, place: str) -> None:
        """Count a value nobody can read, and name the first thousand."""
        self.damaged += 1
        if len(self.places) < MOST_NAMED:
            self.places.append(place)

    def counts(self) -> dict[str, int]:
        """The figures without the names."""
        return {
            "values": self.values,
            "old": self.old,
            "rotated": self.rotated,
            "damaged": self.damaged,
        }


def encrypted_columns() -> dict[type[models.Model], list[EncryptedTextField]]:
    """The encrypted fields of every model there is."""
    found: dict[type[models.Model], list[EncryptedTextField]] = {}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.proxy or not model._meta.managed:
            continue
        fields = [one for one in model._meta.local_fields if isinstance(one, EncryptedTextField)]
        if fields:
            found[model] = fields
    return found


def count_rows() -> int:
    """How many rows a pass looks at."""
    return sum(models.QuerySet(model).count() for model in encrypted_columns())


def rotate(*, dry_run: bool = False, progress: Callable[[int], object] | None = None) -> Tally:
    """One pass over everything; rows that somebody holds at that moment are left to the next.

    Each batch is a transaction of its own, so a pass may be killed anywhere and begun again:
    looking at a value that has the first key already costs some 30 µs.
    """
    tally = Tally()
    for model, fields in encrypted_columns().items():
        for rows in pages(model, fields):
            for position, each in enumerate(fields, 1):
                changes = changes_of(each, [(row[0], row[position]) for row in rows], tally)
                if changes and not dry_run:
                    tally.rotated += write_changes(each, changes)
            if progress is not None:
                progress(len(rows))
    return tally


def rotate_until_clean(progress: Callable[[int], object] | None = None) -> tuple[Tally, bool]:
    """Pass after pass until one finds no older key; the outcome, and whether there was such a pass.

    What stands in a transaction is not seen before it ends, so the last word belongs to a pass
    that began after all had ended that may know the former first key. `progress` hears of the
    first pass, which is the long one.
    """
    found = rotate(progress=progress)
    rotated = found.rotated
    for _ in range(MOST_PASSES):
        if not wait_for_writers():
            return replace(found, rotated=rotated), False
        found = rotate()
        rotated += found.rotated
        if not found.old:
            return replace(found, rotated=rotated), True
    return replace(found, rotated=rotated), False


def pages(
    model: type[models.Model], fields: Sequence[EncryptedTextField]
) -> Iterator[list[tuple[Any, ...]]]:
    """The rows as id and tokens, in the order of their ids, read without locks."""
    columns = [one.attname for one in fields]
    everything: models.QuerySet[Any] = models.QuerySet(model)
    rows: Any = everything.order_by("pk").values_list("pk", *columns)
    page = list(rows[:BATCH])
    while page:
        yield page
        page = list(rows.filter(pk__gt=page[-1][0])[:BATCH])


def changes_of(
    each: EncryptedTextField, tokens: Sequence[tuple[Any, str | None]], tally: Tally
) -> list[Change]:
    """Id, token and new token of the values that have an older key."""
    changes: list[Change] = []
    table = each.model._meta.db_table
    for pk, token in tokens:
        if not token:
            continue
        tally.values += 1
        place = f"{table}.{each.column}:{pk}"
        try:
            fresh, bound_to = renewed(token)
        except Undecryptable:
            tally.note_damage(place)
            continue
        if bound_to != place:
            # Of another row: shown as damaged, but it keeps up, so that it can be put back.
            tally.note_damage(place)
        if fresh != token:
            tally.old += 1
            changes.append((pk, str(token), fresh))
    return changes


def write_changes(each: EncryptedTextField, changes: Sequence[Change]) -> int:
    """Replace tokens that are still the ones that were read; how many were.

    Nobody is waited for while rows are held, so this is never part of a deadlock.
    """
    meta = each.model._meta
    name = connection.ops.quote_name
    table, column, pk = (name(str(one)) for one in (meta.db_table, each.column, meta.pk.column))
    kind = str(meta.pk.rel_db_type(connection))
    ids, old, fresh = zip(*changes, strict=True)
    statement = f"""
        WITH free AS MATERIALIZED (
            SELECT given.*
            FROM unnest(%b::{kind}[], %b::text[], %b::text[]) AS given(id, old, fresh)
            JOIN {table} AS found ON found.{pk} = given.id AND found.{column} = given.old
            FOR NO KEY UPDATE OF found SKIP LOCKED
        )
        UPDATE {table} AS target SET {column} = free.fresh FROM free
        WHERE target.{pk} = free.id AND target.{column} = free.old
    """  # noqa: S608 -- names of our own tables
    connection.ensure_connection()
    # Django's cursors write parameters into the statement, which costs more than the encryption.
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(statement, [list(ids), list(old), list(fresh)])
        return int(cursor.rowcount)


def wait_for_writers(patience: float = PATIENCE_SECONDS) -> bool:
    """Wait until every transaction that has written by now is over; false when one lasts."""
    time.sleep(SETTLE_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        mark = cursor.fetchone()[0]
        deadline = time.monotonic() + patience
        while True:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot()) >= %s::xid8", [mark])
            if cursor.fetchone()[0]:
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
