"""Effects outside the database: after the commit, failing no act, and trouble that lasts."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from celery import current_app
from django.db import Error as DatabaseError
from django.db import transaction
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

# What queueing, and whatever else needs Redis, fails with when it is away.
BROKER_ERRORS = (RedisError, KombuError, OSError)
# What a server that is away, starting, full or read-only answers with; it passes.
PASSING_ERRORS = (RedisError, OSError, DatabaseError)
# So long after a failure nobody tries again: a Redis that hangs costs one time-out, not each.
REST_SECONDS = 2.0


def after_commit(effect: Callable[[], object]) -> None:
    """Do something once what is written is committed; when it fails, that is logged.

    Whatever is done so has to be found and made up for by a sweeper.
    """
    # Without `robust` a failure would turn the committed act into an error, and skip the rest.
    transaction.on_commit(effect, robust=True)


class RedisRest:
    """Leaves Redis alone for a moment after it failed this process."""

    def __init__(self) -> None:
        self.resting_until = 0.0

    def attempt(
        self, purpose: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> R | None:
        """What `call` gives, which may be done without; None when Redis does not answer."""
        if time.monotonic() < self.resting_until:
            return None
        try:
            return call(*args, **kwargs)
        except BROKER_ERRORS as error:
            self.resting_until = time.monotonic() + REST_SECONDS
            logger.warning("Redis is away, so this was left undone: %s (%s)", purpose, error)
            return None


redis_rest = RedisRest()
attempt = redis_rest.attempt


def queue_task(name: str, *args: Any, **options: Any) -> None:
    """Wake a worker for a task, which a sweeper makes up for when the broker is away.

    By its name, because tasks stand above what queues them.
    """
    attempt(f"queueing {name}", current_app.send_task, name, args, retry=False, **options)


class Outage:
    """Logs the first of a row of failures, and the success that ends the row."""

    def __init__(self, logger: logging.Logger, what: str) -> None:
        self.logger = logger
        self.what = what
        self.lasts = False

    def begin(self, error: Exception) -> None:
        """Note a failure; a mistake of ours is logged with its place in the code."""
        if self.lasts:
            return
        self.lasts = True
        if isinstance(error, PASSING_ERRORS):
            self.logger.warning("%s (%s)", self.what, type(error).__name__)
        else:
            self.logger.error(self.what, exc_info=error)

    def end(self) -> None:
        """Note a success."""
        if self.lasts:
            self.lasts = False
            self.logger.info("over: %s", self.what)
