"""Trouble that lasts is logged once, however often it is met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from redis.exceptions import RedisError

if TYPE_CHECKING:
    import logging

# What a server that is away, starting, full or read-only answers with; it passes.
OUTAGES = (RedisError, OSError, DatabaseError)


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
        if isinstance(error, OUTAGES):
            self.logger.warning("%s (%s)", self.what, type(error).__name__)
        else:
            self.logger.error(self.what, exc_info=error)

    def end(self) -> None:
        """Note a success."""
        if self.lasts:
            self.lasts = False
            self.logger.info("over: %s", self.what)
