"""The database engine of the settings."""

from __future__ import annotations

import select
import time
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import BaseTzLoader, get_adapters_template
from psycopg.adapt import AdaptersMap
from psycopg_pool import ConnectionPool

from youworker.core.config import config
from youworker.core.postgres.slow_queries import SlowQueries

if TYPE_CHECKING:
    from datetime import tzinfo

# So long an answer of the server is believed, as long as its socket is silent: under load nearly
# every request takes a connection that somebody used a moment ago.
BELIEVED_SECONDS = 1.0


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes no dead connection from the pool.

    Django's `CONN_HEALTH_CHECKS` would try one after the other with growing pauses; but what
    ended one connection, a restart of PostgreSQL or of a proxy before it, ended the others.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if config.api.log_slow_query_ms:
            limit = config.api.log_slow_query_ms / 1000
            self.execute_wrappers.append(SlowQueries(limit))

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        return params | {"context": adapters_for(self.timezone)}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        pool = self.pool
        while pool is not None and not is_alive(connection):
            pool.putconn(connection)
            pool.check()
            connection = super().get_new_connection(conn_params)
        return connection


def is_alive(connection: Any) -> bool:
    """Whether the server answers; a connection that is dead is known as such afterwards."""
    now = time.monotonic()
    if now - getattr(connection, "answered_at", 0.0) < BELIEVED_SECONDS and is_silent(connection):
        return True
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.OperationalError:
        return False
    connection.answered_at = now
    return True


def is_silent(connection: Any) -> bool:
    """Whether nothing came unasked, as its farewell does when a server ends a connection."""
    arrived = select.poll()
    arrived.register(connection.pgconn.socket, select.POLLIN)
    return not arrived.poll(0)


@cache
def adapters_for(zone: tzinfo) -> AdaptersMap:
    """Django's conversions of values, with times in a zone read by `TimeLoader`."""

    class ZonedTimeLoader(TimeLoader):
        timezone = zone

    adapters = AdaptersMap(get_adapters_template(True, zone))  # noqa: FBT003 -- Django's
    adapters.register_loader("timestamptz", ZonedTimeLoader)
    return adapters


class TimeLoader(BaseTzLoader):
    """Reads a time in a tenth of the driver's microseconds: lists have three in each row."""

    def load(self, data: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(bytes(data).decode())
            return moment if moment.tzinfo is self.timezone else moment.astimezone(self.timezone)
        except (ValueError, OverflowError):
            # Infinity, years of five digits or before Christ, and other styles of dates.
            return cast("datetime", super().load(data))
