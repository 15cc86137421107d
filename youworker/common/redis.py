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

loops: WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis] = WeakKeyDictionary()


@cache
def sync_redis() -> redis.Redis:
    """The client for synchronous code; answers are bytes."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=10)


def async_redis() -> redis.asyncio.Redis:
    """The client of the running event loop; answers are bytes."""
    loop = asyncio.get_running_loop()
    if loop not in loops:
        loops[loop] = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_timeout=30)
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
