"""Connections to Redis, one pool per process and per event loop."""

from __future__ import annotations

import asyncio
from functools import cache
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

# Commands take milliseconds, so a few connections serve many; who finds none free waits for one.
# The library's own pool raises instead, as soon as a hundred ask in the same moment.
CONNECTIONS = 50

loops: WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis] = WeakKeyDictionary()


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


def async_redis() -> redis.asyncio.Redis:
    """The client of the running event loop; answers are bytes."""
    loop = asyncio.get_running_loop()
    if loop not in loops:
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            settings.REDIS_URL, max_connections=CONNECTIONS, timeout=30, socket_timeout=30
        )
        loops[loop] = redis.asyncio.Redis.from_pool(pool)
    return loops[loop]


def own_async_redis(timeout: float) -> redis.asyncio.Redis:
    """A client of the caller's own, which closes it; it never sends a command a second time.

    For whoever has to know what was sent, and begins again on their own.
    """
    retry = Retry(NoBackoff(), 0)
    return redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_timeout=timeout, retry=retry)


async def close_async_redis() -> None:
    """Close the client of the running event loop, which is about to end."""
    client = loops.pop(asyncio.get_running_loop(), None)
    if client is not None:
        await client.aclose()
