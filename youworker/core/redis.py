"""Connections to Redis, one pool per process and per event loop."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import redis
import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from youworker.core.per_loop import PerLoop, Stage

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection

# Commands take milliseconds, so a few connections serve many; who finds none free waits for one.
# The library's own pool raises instead, as soon as a hundred ask in the same moment.
CONNECTIONS = 50


@cache
def sync_redis() -> redis.Redis:
    """The client for synchronous code; answers are bytes."""
    pool = redis.BlockingConnectionPool.from_url(
        settings.REDIS_URL,
        max_connections=CONNECTIONS,
        timeout=10,
        socket_timeout=settings.REDIS_SECONDS,
        socket_connect_timeout=settings.REDIS_SECONDS,
    )
    return redis.Redis.from_pool(pool)


class ClosingPool(redis.asyncio.BlockingConnectionPool):
    """A pool that keeps no connection once it is closed.

    The library closes those that are there, and keeps for ever one that was in the making.
    """

    closed = False

    async def release(self, connection: AbstractConnection) -> None:
        """Take a connection back, closed if the pool is."""
        if self.closed:
            await connection.disconnect(nowait=True)
        await super().release(connection)

    async def aclose(self) -> None:
        """Close every connection, those in use as well."""
        self.closed = True
        await super().aclose()


def make_async_redis() -> redis.asyncio.Redis:
    """A client with a pool of its own."""
    pool = ClosingPool.from_url(
        settings.REDIS_URL, max_connections=CONNECTIONS, timeout=30, socket_timeout=30
    )
    return redis.asyncio.Redis.from_pool(pool)


clients = PerLoop(make_async_redis, close=redis.asyncio.Redis.aclose, stage=Stage.CONNECTION)


def async_redis() -> redis.asyncio.Redis:
    """The client of the running event loop; answers are bytes."""
    return clients.get()


def own_async_redis(timeout: float) -> redis.asyncio.Redis:
    """A client of the caller's own, which closes it; it never sends a command a second time.

    For whoever has to know what was sent, and begins again on their own.
    """
    retry = Retry(NoBackoff(), 0)
    pool = ClosingPool.from_url(settings.REDIS_URL, socket_timeout=timeout, retry=retry)
    return redis.asyncio.Redis.from_pool(pool)
