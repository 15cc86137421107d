"""How an answer ended, and what its user is told about that."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from chat.agent.exceptions import AgentError, LimitReached
from chat.enums import RunStatus
from chat.runs.leases import LeaseLost
from chat.runs.sweeper import INTERRUPTED_SENTENCE
from youworker.core import request_context
from youworker.core.config import config

if TYPE_CHECKING:
    import asyncio

logger = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """How an answer ended; code and sentence are empty unless the user has to know something."""

    status: RunStatus
    code: str = ""
    detail: str = ""


INTERRUPTED = Outcome(RunStatus.INTERRUPTED, "interrupted", INTERRUPTED_SENTENCE)
UNSTORED = Outcome(
    RunStatus.FAILED,
    "answer_not_stored",
    "The answer was kept, but its sources could not be stored.",
)


def outcome_of(speaking: asyncio.Task[Outcome]) -> Outcome:
    """How a finished or cancelled answer ended; raises `LeaseLost`."""
    if speaking.cancelled():
        return Outcome(RunStatus.STOPPED)
    error = speaking.exception()
    if error is None:
        return speaking.result()
    if isinstance(error, LeaseLost):
        raise error
    if isinstance(error, TimeoutError):
        error = LimitReached(f"The answer was ended after {config.agent.max_seconds:g} s.")
    if isinstance(error, AgentError):
        return Outcome(RunStatus.FAILED, error.code, error.message)
    logger.error("an answer failed", exc_info=error)
    return Outcome(RunStatus.FAILED, "internal_error", internal_sentence())


def internal_sentence() -> str:
    """What the user is told about a mistake of ours."""
    return f"Something went wrong on our side ({request_context.correlation_id()})."
