"""One function per part of the installation; each says what is wrong in one sentence."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg_pool
import redis
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from youworker.common.redis import sync_redis

Check = Callable[[], dict[str, Any]]
POOL_WARNING = 0.8


def database() -> dict[str, Any]:
    """PostgreSQL answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        return {"version": cursor.fetchone()[0], "pool": pool_figures()}


def pool_figures() -> dict[str, Any]:
    """Size, use and queue of the connection pool of this process."""
    pool = getattr(connection, "pool", None)
    if not isinstance(pool, psycopg_pool.ConnectionPool):
        return {"size": None}
    stats = pool.get_stats()
    size, free = stats.get("pool_max", 0), stats.get("pool_available", 0)
    used = stats.get("pool_size", 0) - free
    figures = {"size": size, "in_use": used, "waiting": stats.get("requests_waiting", 0)}
    return {**figures, "warning": bool(size) and used > POOL_WARNING * size}


def cache() -> dict[str, Any]:
    """Redis answers."""
    info = sync_redis().info("server")
    return {"version": info["redis_version"]}


def migrations() -> dict[str, Any]:
    """The tables are those of this version."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise LookupError(f"{len(missing)} migrations are missing: manage.py migrate")
    return {}


READY: dict[str, Check] = {"database": database, "redis": cache, "migrations": migrations}


def run(checks: dict[str, Check]) -> dict[str, dict[str, Any]]:
    """The outcome of every check, with its latency in milliseconds."""
    outcomes: dict[str, dict[str, Any]] = {}
    for name, check in checks.items():
        start = time.perf_counter()
        try:
            outcome = {"status": "ok", **check()}
        except (DatabaseError, redis.RedisError, psycopg_pool.PoolTimeout, LookupError) as error:
            outcome = {"status": "failed", "detail": sentence(error)}
        outcome["latency_ms"] = round((time.perf_counter() - start) * 1000, 2)
        outcomes[name] = outcome
    return outcomes


def sentence(error: Exception) -> str:
    """The first line of an error, which is meant for operators."""
    return str(error).strip().split("\n", 1)[0]
