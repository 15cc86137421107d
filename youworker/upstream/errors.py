"""What goes wrong between us and a model server, and whether trying again may help."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any

import httpx2
import orjson

from youworker.core.secret_shapes import json_text, shapes_of
from youworker.core.storable import storable_text

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
# Where a reason stands, in the shapes in use; the most telling first.
REASONS = ("error", "errors", "message", "detail", "error_msg", "msg", "reason")
# Servers quote what they were sent, gateways what they send on; words have no digits.
SECRET = re.compile(
    r"\b(?:(?:sk|gsk|xai|hf|r8|yw|nvapi)[-_]|AIza|Bearer\s{1,4})"
    r"(?=[A-Za-z_.~+/=-]{0,80}\d)[\w.~+/=-]{8,}",
    re.ASCII,
)
HIDDEN = "[key]"
# Shorter ones are words that sentences have anyway.
SHORTEST_KEY = 6


class StatusError(Exception):
    """A server answered with another status than success; `body` is what it said, read as JSON."""

    def __init__(
        self, status: int, headers: Mapping[str, str], content: bytes, *, key: str = ""
    ) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.body = readable(without_key(content, key))
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


def without_key(content: bytes, key: str) -> bytes:
    """What a server said without the key it was sent, however it is written."""
    for shape in sought_shapes(key):
        # A body is mostly JSON, which escapes what was escaped once more.
        for written in (json_text(shape), shape):
            content = content.replace(written.encode(), HIDDEN.encode())
    return content


def sought_shapes(key: str) -> list[str]:
    """How a key may be told, the longest first: one may begin as another."""
    return sorted(set(shapes_of(key)), key=len, reverse=True) if len(key) >= SHORTEST_KEY else []


def said_by_server(error: Any, *, key: str = "") -> str:
    """The sentence in a server's error, in any of the shapes in use, without the server's key."""
    for _ in range(ERROR_DEPTH):
        if isinstance(error, list) and error:
            error = error[0]
        if not isinstance(error, dict):
            break
        inner = next((error[part] for part in REASONS if error.get(part)), None)
        if inner is None:
            break
        error = inner
    return sentence_of(as_text(error or ""), key=key) or "no reason given"


def sentence_of(text: str, *, key: str = "") -> str:
    """The beginning of what a server said, as it can be stored and shown: without secrets."""
    for shape in sought_shapes(key):
        text = text.replace(shape, HIDDEN)
    # More than what is shown, so that no secret is cut in two and not known any more.
    words = " ".join(storable_text(text[: 4 * LONGEST_REASON]).split())
    return SECRET.sub(HIDDEN, words)[:LONGEST_REASON]


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
