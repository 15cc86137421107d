"""What goes wrong between us and a model server, and whether trying again may help."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import httpx2
import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from youworker.core.config.sections import RetryConfig

# What is raised while a request is sent or an answer read: nobody there, a lost connection, an
# address that is none, a body that is larger than what is read.
TRANSPORT_ERRORS = (httpx2.HTTPError, httpx2.InvalidURL)
# Timeouts and conflicts of others, and requests that came too early or too often.
TRANSIENT_STATUS = frozenset({408, 409, 425, 429})
FIRST_SERVER_ERROR = 500
# Servers put an error into an error once or twice.
ERROR_DEPTH = 5
LONGEST_REASON = 500


class StatusError(Exception):
    """A server answered with another status than success; `body` is what it said, read as JSON."""

    def __init__(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.body = readable(content)
        self.retry_after = retry_after(headers)

    @property
    def is_transient(self) -> bool:
        """Whether the same request may succeed in a moment."""
        return self.status in TRANSIENT_STATUS or self.status >= FIRST_SERVER_ERROR

    @property
    def reason(self) -> str:
        """The server's own sentence, or its status when it gave none."""
        return said_by_server(self.body) if self.body else f"status {self.status}"


def readable(content: bytes) -> Any:
    """The body of an error: what its JSON says, else its text."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return content.decode(errors="replace").strip()


def said_by_server(error: Any) -> str:
    """The sentence in a server's error, in any of the shapes in use."""
    for _ in range(ERROR_DEPTH):
        if not isinstance(error, dict):
            break
        inner = error.get("error", error.get("message", error.get("detail")))
        if inner is None:
            break
        error = inner
    return as_text(error or "no reason given")[:LONGEST_REASON]


def as_text(value: Any) -> str:
    """Any JSON value as text; empty when it is nested too deeply to be shown."""
    try:
        return str(value)
    except RecursionError:
        return ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds the server asks to wait; dates are not worth reading."""
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return None


def pause(retry: RetryConfig, attempt: int, wait: float | None = None) -> float:
    """The seconds before attempt number `attempt` + 1, spread so that clients do not meet again."""
    if wait is None:
        wait = retry.base_seconds * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311
    return min(wait, retry.max_seconds)
