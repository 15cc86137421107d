"""Whether a pooler lends connections to the server for one transaction only."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import connection as default
from django.utils.translation import gettext_noop
from psycopg import pq

if TYPE_CHECKING:
    from collections.abc import Mapping

# Poolers lend what was given back last, but somebody else may be quicker.
LOOKS = 5
# Load balancers ask for health every few seconds, and poolers are not exchanged so often.
BELIEVED_SECONDS = 900.0
POOLED = gettext_noop(
    "DATABASE_URL leads to a pooler in transaction mode, where locks, cursors and settings of "
    "sessions do not hold: use session mode."
)


def known_words(parameters: Mapping[str, Any]) -> dict[str, str]:
    """What the client library knows of these parameters, without secrets but the password.

    Everything else would be read in the list of processes.
    """
    found = {}
    for option in pq.Conninfo.get_defaults():
        name = option.keyword.decode()
        is_secret = option.dispchar == b"*" and name != "password"
        if parameters.get(name) not in {None, ""} and not is_secret:
            found[name] = str(parameters[name])
    return found


def is_pooled_by_transaction(address: Mapping[str, Any]) -> bool:
    """Whether two connections that are open share one of the server, or one has several.

    Raises `psycopg.OperationalError` when the database does not answer.
    """
    seen: tuple[set[int], set[int]] = (set(), set())
    with closing(connect(address)) as one, closing(connect(address)) as other:
        for _ in range(LOOKS):
            for connection, numbers in zip((one, other), seen, strict=True):
                numbers.add(find_server_process(connection))
    return bool(seen[0] & seen[1]) or max(map(len, seen)) > 1


def connect(address: Mapping[str, Any]) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection on which each statement is a transaction, and prepares nothing."""
    return psycopg.connect(**address, autocommit=True, prepare_threshold=None)


def find_server_process(connection: psycopg.Connection[tuple[Any, ...]]) -> int:
    """The number of the server's process that answers."""
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return int(row[0]) if row else 0


def is_database_pooled() -> bool:
    """Whether the database of the settings is reached so; false while it is away."""
    try:
        return is_pooled_by_transaction(known_words(default.get_connection_params()))
    except psycopg.OperationalError:
        return False


def require_sessions() -> None:
    """Raise `ImproperlyConfigured` where a lock of ours would become everybody's."""
    if is_database_pooled():
        raise ImproperlyConfigured(POOLED)


class Pooling:
    """What this process saw last."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.is_pooled = False
        self.until = 0.0

    def look(self) -> bool:
        """Whether connections are lent by transaction, as it was a while ago."""
        with self.lock:
            if time.monotonic() >= self.until:
                self.is_pooled = is_database_pooled()
                self.until = time.monotonic() + BELIEVED_SECONDS
            return self.is_pooled


pooling = Pooling()
