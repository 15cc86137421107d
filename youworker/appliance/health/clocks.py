"""Whether the clocks of this process, of the database and of Redis agree."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django.db import connection

from youworker.core.redis import sync_redis
from youworker.core.words import phrased, phrased_together

if TYPE_CHECKING:
    from collections.abc import Callable

# Codes of a second factor are good for half a minute, tokens of other servers for a few seconds.
MOST_SECONDS = 5.0


def check_clocks() -> dict[str, Any]:
    """The clocks agree within a few seconds."""
    found = {
        "database_seconds": difference(time_of_database),
        "redis_seconds": difference(time_of_redis),
    }
    apart = [
        phrased("that of %(name)s by %(seconds)s seconds", name=name, seconds=f"{value:+.0f}")
        for name, value in ((name.split("_")[0], value) for name, value in found.items())
        if abs(value) > MOST_SECONDS
    ]
    if not apart:
        return dict(found)
    detail = phrased(
        "other clocks differ from this process's: %(clocks)s", clocks=phrased_together(apart)
    )
    return {**found, "warning": True, "detail": detail}


def difference(read: Callable[[], float]) -> float:
    """By how many seconds another clock is ahead of ours, at the middle of the look at it."""
    before = own_time()
    other = read()
    # Nothing is added, but the sign of a zero goes.
    return round(other - (before + own_time()) / 2, 2) + 0.0


def own_time() -> float:
    """The clock of this process."""
    return time.time()


def time_of_database() -> float:
    """The clock of PostgreSQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        return float(cursor.fetchone()[0])


def time_of_redis() -> float:
    """The clock of Redis."""
    seconds, microseconds = sync_redis().time()
    return float(seconds) + float(microseconds) / 1_000_000
