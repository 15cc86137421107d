"""Tool calls put together from deltas, however a server cuts and labels them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from chat.agent.exceptions import AnswerTooLarge
from chat.agent.types import ToolCall

if TYPE_CHECKING:
    from youworker.upstream.endpoint import Limits

# Longer than the names and ids of any server or tool; they go into columns and back to the server.
LONGEST_NAME = 200


@dataclass
class Draft:
    """A tool call still being received."""

    index: int | str | None
    id: str = ""
    name: str = ""
    text: list[str] = field(default_factory=list)
    # Some servers send the arguments as an object instead of a string.
    whole: Any = None

    def take(self, identifier: str, function: dict[str, Any]) -> None:
        """Add one delta."""
        self.id = self.id or identifier
        self.name = self.name or label(function.get("name"))
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            if arguments:
                self.text.append(arguments)
        elif arguments is not None:
            self.whole = arguments

    def finished(self) -> ToolCall:
        """The call; unreadable arguments are named in `invalid`, never raised."""
        arguments, problem = read_arguments("".join(self.text), self.whole)
        identifier = self.id or f"call_{uuid.uuid4().hex[:24]}"
        return ToolCall(identifier, self.name, arguments, problem)


class CallAssembly:
    """The tool calls of one model turn."""

    def __init__(self, limits: Limits) -> None:
        self.most_calls, self.most_chars = limits.tool_calls, limits.argument_chars
        self.drafts: list[Draft] = []
        self.characters = 0

    def take(self, deltas: Any) -> None:
        """Add the `tool_calls` of one delta; raises `AnswerTooLarge`."""
        parts = deltas if isinstance(deltas, list) else [deltas]
        if len(parts) > self.most_calls:
            raise self.too_many()
        for delta in parts:
            if isinstance(delta, dict):
                self.take_one(delta)

    def too_many(self) -> AnswerTooLarge:
        """The refusal of more calls."""
        return AnswerTooLarge(f"The model wants more than {self.most_calls} tools at once.")

    def take_one(self, delta: dict[str, Any]) -> None:
        """Add a delta to the call it belongs to, or begin another."""
        function = delta.get("function")
        function = function if isinstance(function, dict) else delta
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            self.characters += len(arguments)
            if self.characters > self.most_chars:
                raise AnswerTooLarge(
                    f"The arguments of the model's tools are longer than {self.most_chars} "
                    "characters."
                )
        identifier, index = label(delta.get("id")), delta.get("index")
        # `True` would be taken for 1.
        place = index if type(index) in {int, str} else None
        self.draft_for(place, identifier, function).take(identifier, function)

    def draft_for(
        self, index: int | str | None, identifier: str, function: dict[str, Any]
    ) -> Draft:
        """The call a delta continues; index, id and name each may be missing or misleading."""
        for draft in reversed(self.drafts):
            if continues(draft, index, identifier, function):
                return draft
        if len(self.drafts) >= self.most_calls:
            raise self.too_many()
        self.drafts.append(Draft(index))
        return self.drafts[-1]

    def finished(self) -> list[ToolCall]:
        """The calls in the order they were begun; nameless remains are dropped."""
        return [draft.finished() for draft in self.drafts if draft.name]


def label(value: Any) -> str:
    """A name or id as a server gave it, if it is one, without what no column or header takes."""
    if type(value) is int:
        value = str(value)
    if not isinstance(value, str):
        return ""
    value = value[:LONGEST_NAME]
    return value if value.isprintable() else "".join(filter(str.isprintable, value))


def continues(
    draft: Draft, index: int | str | None, identifier: str, function: dict[str, Any]
) -> bool:
    """Whether a delta belongs to `draft`, which is the newest with a matching index."""
    # Gemini's endpoint numbers every call of a turn 0 and tells them apart by their ids.
    if identifier and draft.id:
        return identifier == draft.id
    if index is not None:
        return draft.index == index
    # Without index and id only a second name begins a second call.
    return not (function.get("name") and draft.name)


def read_arguments(text: str, whole: Any) -> tuple[dict[str, Any], str]:
    """The arguments, and why they could not be read."""
    value = whole
    if value is None:
        try:
            value = decoded(text)
        except orjson.JSONDecodeError as error:
            return {}, f"The arguments are not valid JSON: {error}."
    if not isinstance(value, dict):
        return {}, "The arguments are not a JSON object."
    try:
        orjson.dumps(value)
    except TypeError:
        # Less deep than what can be read: it goes to the tool, the log and back to the model.
        return {}, "The arguments are nested too deeply."
    return value, ""


def decoded(text: str) -> Any:
    """The value of `text`, also when it was encoded twice; nothing means no arguments."""
    if not text.strip():
        return {}
    value = orjson.loads(text)
    return orjson.loads(value) if isinstance(value, str) and value.strip() else value
