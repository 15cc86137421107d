"""What an error of the HTTP client means for a run, and whether trying again may help."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any

from chat.agent.errors import AgentError, AnswerTooLarge, ModelRefused, ModelUnavailable
from chat.llm.openai.stream_reader import said_by_server

if TYPE_CHECKING:
    import openai

    from youworker.common.config.sections import RetryConfig

TRANSIENT_STATUS = frozenset({408, 409, 425, 429})
FIRST_SERVER_ERROR = 500
REFUSABLE_STATUS = frozenset({400, 404, 405, 415, 422, 500, 501})

# Parts of a request that some servers refuse; the answer is poorer without, not wrong.
OPTIONAL_PARTS = {
    "stream_options": re.compile(r"stream_options|include_usage", re.I),
    "tools": re.compile(
        r"(support|requir|enabl|allow|accept|recogni|permitted|expected|unknown|extra)"
        r".{0,200}(\btools?\b|tool[-_ ]|functions? call)"
        r"|(\btools?\b|tool[-_ ]|functions? call)"
        r".{0,200}(support|requir|enabl|allow|accept|recogni|permitted|expected|unknown|extra)",
        re.I | re.S,
    ),
    "max_tokens": re.compile(r"max_tokens|max_completion_tokens", re.I),
    "temperature": re.compile(r"temperature", re.I),
}


class Transient(Exception):
    """An attempt that may succeed when repeated; `failure` is what is told when it does not."""

    def __init__(self, failure: AgentError, *, wait: float | None = None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.wait = wait


def status_failure(error: openai.APIStatusError) -> AgentError | Transient:
    """What an error status means."""
    message = said_by_server(error.body) if error.body else f"status {error.status_code}"
    if error.status_code in TRANSIENT_STATUS or error.status_code >= FIRST_SERVER_ERROR:
        failure = ModelUnavailable(
            f"The model's server failed with status {error.status_code}: {message}"
        )
        return Transient(failure, wait=retry_after(error.response.headers))
    return ModelRefused(f"The model's server refused the request: {message}")


def connection_failure() -> Transient:
    """What an unreachable or lost server means."""
    return Transient(ModelUnavailable("The model's server cannot be reached."))


def too_large(error: Exception) -> AnswerTooLarge | None:
    """What an answer that was cut off on our side means; None for other errors."""
    from youworker.upstream import body_limits  # noqa: PLC0415 -- belongs to the client's library

    # The client wraps what is raised before the body is read.
    for found in (error, error.__cause__):
        if isinstance(found, body_limits.AnswerTooLarge):
            return AnswerTooLarge(f"The model's server said too much: {found}")
    return None


def retry_after(headers: Any) -> float | None:
    """The seconds the server asks to wait; dates are not worth reading."""
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return None


def pause(retry: RetryConfig, attempt: int, wait: float | None) -> float:
    """The seconds before attempt number `attempt` + 1, spread so that clients do not meet again."""
    if wait is None:
        wait = retry.base_seconds * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311
    return min(wait, retry.max_seconds)


def refused_part(error: openai.APIStatusError, body: dict[str, Any]) -> str:
    """The optional part of the request that the server complains about; empty if none."""
    if error.status_code not in REFUSABLE_STATUS:
        return ""
    message = said_by_server(error.body)
    for name, pattern in OPTIONAL_PARTS.items():
        if name in body and pattern.search(message):
            return name
    return ""
