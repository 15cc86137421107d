"""What became of the attempts to make the first backup of a place, for the page of health.

Later ones are known by the backups themselves. It is kept in Redis, where it may be lost: the
worker notes it again at its next attempt.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from youworker.backup.places import last_made
from youworker.core.effects import attempt
from youworker.core.redis import sync_redis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from youworker.backup.places import BackupPlace

KEPT_SECONDS = 7 * 86_400
LONGEST_ERROR = 300


@dataclass(frozen=True, slots=True)
class FirstAttempt:
    """When somebody first tried to make a backup here, and why the last attempt failed."""

    begun_at: datetime
    error: str = ""


@contextmanager
def noting_first(place: BackupPlace) -> Iterator[None]:
    """Note how an attempt goes, as long as the place has no backup."""
    if last_made(place) is not None:
        yield
        return
    before = attempt("reading of a first backup", read_first, place)
    begun = before.begun_at if before else datetime.now(UTC)
    keep(place, FirstAttempt(begun))
    try:
        yield
    except Exception as error:
        keep(place, FirstAttempt(begun, first_line(error)))
        raise


def first_line(error: Exception) -> str:
    """What an error says to operators."""
    told = str(error).strip().partition("\n")[0] or type(error).__name__
    return told[:LONGEST_ERROR]


def keep(place: BackupPlace, one: FirstAttempt) -> None:
    """Keep what is known of the attempts."""
    value = json.dumps([one.begun_at.isoformat(), one.error])
    set_value = partial(sync_redis().set, key_of(place), value, ex=KEPT_SECONDS)
    attempt("noting an attempt at a first backup", set_value)


def read_first(place: BackupPlace) -> FirstAttempt | None:
    """What is known of the attempts; None before the first. Raises `RedisError`."""
    kept = sync_redis().get(key_of(place))
    if not isinstance(kept, bytes):
        return None
    begun_at, error = json.loads(kept)
    return FirstAttempt(datetime.fromisoformat(begun_at), error)


def key_of(place: BackupPlace) -> str:
    """Where it is kept: another BACKUP_DIR waits for its own first backup."""
    return f"yw:backup:first:{hashlib.sha256(str(place.root).encode()).hexdigest()[:32]}"
