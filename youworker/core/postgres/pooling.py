"""Whether a pooler lends connections to the server for one transaction only."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Mapping

# Poolers lend what was given back last, but somebody else may be quicker.
LOOKS = 5


def is_pooled_by_transaction(address: Mapping[str, Any]) -> bool:
    """Whether two connections that are open share one of the server, or one has several.

    Raises `psycopg.OperationalError` when the database does not answer.
    """
    seen: tuple[set[int], set[int]] = (set(), set())
    with closing(connect(address)) as one, closing(connect(address)) as other:
        for _ in range(LOOKS):
            for connection, numbers in zip((one, other), seen, strict=True):
                numbers.add(server_process_of(connection))
    return bool(seen[0] & seen[1]) or max(map(len, seen)) > 1


def connect(address: Mapping[str, Any]) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection on which each statement is a transaction, and prepares nothing."""
    return psycopg.connect(**address, autocommit=True, prepare_threshold=None)


def server_process_of(connection: psycopg.Connection[tuple[Any, ...]]) -> int:
    """The number of the server's process that answers."""
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return int(row[0]) if row else 0
