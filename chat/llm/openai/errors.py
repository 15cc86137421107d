"""What an error of the client means for a run, and whether trying again may help."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from chat.agent.exceptions import (
    AgentError,
    AnswerTooLarge,
    KeyNotTaken,
    ModelRefused,
    ModelUnavailable,
    PromptTooLong,
)
from chat.agent.sentences import FAILED_WITH_STATUS, REFUSED_REQUEST, SAID_TOO_MUCH
from youworker.upstream.body_limits import AnswerTooLarge as BodyTooLarge
from youworker.upstream.errors import said_by_server

if TYPE_CHECKING:
    from youworker.upstream.errors import StatusError

LOCKED_STATUS = frozenset({401, 403})
REFUSABLE_STATUS = frozenset({400, 404, 405, 415, 422, 500, 501})

# A complaint about tools has both: a word for them, and one for what is wrong.
TOOLS = re.compile(r"\btools?\b|tool[-_ ]|functions? call", re.I)
REFUSAL = re.compile(
    r"support|requir|enabl|allow|accept|recogni|permitted|expected|unknown|extra", re.I
)
OUTPUT_LIMIT = re.compile(r"max_tokens|max_completion_tokens", re.I)
USAGE = re.compile(r"stream_options|include_usage", re.I)
TEMPERATURE = re.compile("temperature", re.I)
# Parts of a request that some servers refuse; the answer is poorer without, not wrong.
OPTIONAL_PARTS = {
    "stream_options": (USAGE,),
    "tools": (TOOLS, REFUSAL),
    "max_tokens": (OUTPUT_LIMIT,),
    "temperature": (TEMPERATURE,),
}
# How servers say that a prompt does not fit their window: llama.cpp, vLLM, SGLang, TGI, LM Studio,
# and those behind gateways.
OVERFLOW = re.compile(
    r"context[-_ ](?:length|size|window|limit)|max_new_tokens` must be"
    r"|(?:prompt|input)\b[^\n]{0,60}(?:too long|longer than|exceeds? the)",
    re.I,
)


class Transient(Exception):
    """An attempt that may succeed when repeated; `failure` is what is told when it does not."""

    def __init__(self, failure: AgentError, *, wait: float | None = None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.wait = wait


def status_failure(error: StatusError) -> AgentError | Transient:
    """What an error status means."""
    if error.is_transient:
        reason = FAILED_WITH_STATUS.format(status=error.status, reason=error.reason)
        failure = ModelUnavailable(reason)
        return Transient(failure, wait=error.retry_after)
    return refused_request(error)


def refused_request(error: StatusError) -> ModelRefused:
    """What an error status means that the same request would bring again."""
    kind = KeyNotTaken if error.status in LOCKED_STATUS else kind_of_refusal(error.reason)
    return kind(REFUSED_REQUEST.format(reason=error.reason))


def kind_of_refusal(reason: str) -> type[ModelRefused]:
    """What a server's own sentence says it does not take."""
    return PromptTooLong if OVERFLOW.search(reason) else ModelRefused


def transport_failure(error: Exception) -> AgentError | Transient:
    """What an error of the connection means: an answer cut off on our side, or a lost server."""
    if isinstance(error, BodyTooLarge):
        return AnswerTooLarge(SAID_TOO_MUCH.format(reason=error))
    return Transient(ModelUnavailable("The model's server cannot be reached."))


def refused_part(error: StatusError, body: dict[str, Any]) -> str:
    """The optional part of the request that the server complains about; empty if none."""
    if error.status not in REFUSABLE_STATUS:
        return ""
    message = said_by_server(error.body)
    for name, patterns in OPTIONAL_PARTS.items():
        if name in body and all(pattern.search(message) for pattern in patterns):
            return name
    return ""
