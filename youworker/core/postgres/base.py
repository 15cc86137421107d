"""The database engine of the settings."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes no dead connection from the pool.

    Django's `CONN_HEALTH_CHECKS` would try one after the other with growing pauses; but what
    ended one connection, a restart of PostgreSQL or of a proxy before it, ended the others.
    """

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
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.OperationalError:
        return False
    return True
