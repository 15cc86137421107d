"""A line for each statement that takes long: its text, never its values, which hold content."""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING, Any

from youworker.core.metrics.families import SLOW_QUERIES

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

LONGEST_SHOWN = 2000
# Ours have none, but whoever writes one by hand may put anything between quotes.
LITERAL = re.compile(r"'(?:[^']|'')*'")
BLANKS = re.compile(r"\s+")


class SlowQueries:
    """Watches every statement of a connection; `limit` is in seconds."""

    def __init__(self, limit: float) -> None:
        self.limit = limit

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: Any, context: Any
    ) -> Any:
        """Carry out a statement, also one that fails, and tell if it took long."""
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            seconds = time.perf_counter() - began
            if seconds >= self.limit:
                report(sql, seconds)


def report(sql: Any, seconds: float) -> None:
    """Log and count a statement."""
    SLOW_QUERIES.add()
    shown = {"statement": shown_text(sql), "duration_ms": round(seconds * 1000, 1)}
    logger.warning("slow query", extra=shown)


def shown_text(sql: Any) -> str:
    """A statement on one line, without what stands between quotes."""
    text = sql if isinstance(sql, str) else type(sql).__name__
    return BLANKS.sub(" ", LITERAL.sub("'…'", text))[:LONGEST_SHOWN].strip()
