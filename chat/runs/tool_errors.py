"""Why calls of tools have no answer: in English for models, in their language for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import override

from chat.agent.sentences import NO_JSON, NO_OBJECT
from chat.enums import Decision, ToolRunStatus
from chat.runs.tool_calls import PREVIEW_CHARACTERS
from mcp.calls import ToolOutcome, failure
from youworker.core.storable import storable_text
from youworker.core.words import Sentence

if TYPE_CHECKING:
    from chat.agent.types import ToolCall
    from chat.models import ToolRun
    from mcp.calls import ToolInfo

UNKNOWN_OUTCOME = Sentence(
    "The server was stopped while this call was under way: whether it took effect is unknown. "
    "It was not made again."
)
ANOTHER_TOOL = Sentence(
    "This is not the tool any more that somebody was asked about: it was not called."
)
DENIED = Sentence("The user did not allow this call, so it was not made.")
TIMED_OUT = Sentence("Nobody allowed this call in time, so it was not made.")


def other_tool() -> ToolOutcome:
    """The outcome of a call whose tool became another one since somebody was asked."""
    return failure(ANOTHER_TOOL, "tool_changed", denied=True, trusted=True)


def refused_call(reason: str) -> ToolOutcome:
    """The outcome of a call that the agent does not make; the reason is one of its sentences."""
    return failure(Sentence(reason), "call_refused", trusted=True)


def no_such_tool(call: ToolCall) -> ToolOutcome:
    """The outcome of a call of a tool that the user does not have."""
    sentence = Sentence("There is no tool %(name)r.", {"name": call.name})
    return failure(sentence, "unknown_tool", trusted=True)


def fault_of(tool: ToolInfo | None, call: ToolCall, arguments: Any) -> ToolOutcome | None:
    """Why a call cannot be made at all; None when it can."""
    if tool is None:
        return no_such_tool(call)
    if not call.invalid and isinstance(arguments, dict):
        return None
    return failure(sentence_about(call.invalid or NO_OBJECT), "invalid_arguments", trusted=True)


def sentence_about(invalid: str) -> Sentence:
    """What is wrong with arguments, of the words that their reader found for it."""
    head, _, end = NO_JSON.partition("%(reason)s")
    if not invalid.startswith(head):
        return Sentence(invalid)
    return Sentence(NO_JSON, {"reason": invalid.removeprefix(head).removesuffix(end)})


def outcome_without_answer(row: ToolRun) -> ToolOutcome:
    """Why a call that is over has no answer."""
    match row.status:
        case ToolRunStatus.FAILED:
            said = Sentence.from_json(row.error_words)
            return ToolOutcome(row.error, is_error=True, code=row.error_code, said=said)
        case ToolRunStatus.DENIED:
            return why_denied(row.decision)
    return failure(UNKNOWN_OUTCOME, "interrupted")


def why_denied(decision: str) -> ToolOutcome:
    """The outcome of a call that somebody refused, or that nobody allowed in time."""
    if decision == Decision.TIMEOUT:
        return failure(TIMED_OUT, "approval_timed_out")
    return failure(DENIED, "call_denied")


def words_for(outcome: ToolOutcome) -> str:
    """What readers are told of an error: ours in the language in force, and others as they are."""
    return str(outcome.said) if outcome.said else outcome.text


def error_in(language: str, outcome: ToolOutcome) -> str:
    """The beginning of the same in a language, as viewers of an answer in the making are told."""
    with override(language or None):
        return storable_text(words_for(outcome))[:PREVIEW_CHARACTERS]
