"""Rests a server that failed several times in a row, counted in Redis. Blocking."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from youworker.core.config import config
from youworker.core.redis import sync_redis

if TYPE_CHECKING:
    from uuid import UUID

logger = logging.getLogger(__name__)

MEMORY_SECONDS = 3600


def keys(server_id: UUID) -> tuple[str, str]:
    """Where the failures are counted, and the sign that the server rests."""
    return f"yw:mcp:{server_id}:failures", f"yw:mcp:{server_id}:resting"


def may_call(server_id: UUID) -> bool:
    """Whether the server is not resting; after a rest one caller may try, then the others.

    Redis being away never stops a call.
    """
    failures, resting = keys(server_id)
    rest = int(config.mcp.breaker_seconds * 1000)
    try:
        count = int(sync_redis().get(failures) or 0)
        if count < config.mcp.breaker_failures:
            return True
        # Setting the sign again makes everybody else wait for the outcome of this try.
        return bool(sync_redis().set(resting, 1, px=rest, nx=True))
    except RedisError:
        logger.warning("the failures of tool servers cannot be read")
        return True


def note_failure(server_id: UUID) -> None:
    """Count a call that brought no answer."""
    failures, resting = keys(server_id)
    rest = int(config.mcp.breaker_seconds * 1000)
    try:
        with sync_redis().pipeline() as pipe:
            pipe.incr(failures)
            pipe.expire(failures, MEMORY_SECONDS)
            count = pipe.execute()[0]
        if count >= config.mcp.breaker_failures:
            sync_redis().set(resting, 1, px=rest)
    except RedisError:
        logger.warning("the failures of tool servers cannot be counted")


def note_answer(server_id: UUID) -> None:
    """Forget earlier failures: the server answered."""
    try:
        sync_redis().delete(*keys(server_id))
    except RedisError:
        logger.warning("the failures of tool servers cannot be forgotten")
