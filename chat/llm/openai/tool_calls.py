"""Tool calls put together from deltas, however a server cuts and labels them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chat.agent.exceptions import AnswerTooLarge
from chat.agent.sentences import ARGUMENTS_TOO_LONG, CUT_SHORT, TOO_MANY_TOOLS
from chat.agent.types import ToolCall
from chat.llm.openai.arguments import read_arguments
from chat.llm.openai.offered_tools import OfferedTools

if TYPE_CHECKING:
    from chat.llm.openai.written_calls import WrittenCall
    from youworker.upstream.endpoint import Limits

# Longer than the names and ids of any server or tool; they go into columns and back to the server.
LONGEST_NAME = 200
# What Mistral's servers want of an id, and every other takes.
ID_LENGTH = 9
ARGUMENTS = ("arguments", "parameters", "args", "input")


@dataclass
class Draft:
    """A tool call still being received."""

    index: int | str | None
    id: str = ""
    name: str = ""
    text: list[str] = field(default_factory=list)
    characters: int = 0
    # Some servers send the arguments as an object instead of a string.
    whole: Any = None

    def take(self, identifier: str, name: str, arguments: Any) -> None:
        """Add one delta."""
        self.id = self.id or identifier
        # Names come in pieces, and some servers say all of it again.
        self.name = name if name.startswith(self.name) else (self.name + name)[:LONGEST_NAME]
        if isinstance(arguments, str):
            if arguments:
                self.text.append(arguments)
                self.characters += len(arguments)
        elif isinstance(self.whole, dict) and isinstance(arguments, dict):
            self.whole = {**self.whole, **arguments}
        elif arguments is not None:
            self.whole = arguments

    @property
    def has_arguments(self) -> bool:
        """Whether any were said yet."""
        return bool(self.text) or self.whole is not None

    def is_complete(self) -> bool:
        """Whether the arguments so far are an object; costs as much as reading them."""
        if not self.text:
            return self.whole is not None
        return self.text[-1].rstrip().endswith("}") and not read_arguments(self.text, None)[1]


class CallAssembly:
    """The tool calls of one model turn."""

    def __init__(self, limits: Limits, offered: OfferedTools | None = None) -> None:
        self.most_calls, self.most_chars = limits.tool_calls, limits.argument_chars
        self.offered = offered or OfferedTools()
        self.drafts: list[Draft] = []
        self.characters = 0
        # Looks whether arguments are complete cost as much as these are long.
        self.looks_left = 2 * self.most_calls

    def take(self, deltas: Any) -> None:
        """Add the `tool_calls` of one delta; raises `AnswerTooLarge`."""
        parts = deltas if isinstance(deltas, list) else [deltas]
        if len(parts) > self.most_calls:
            raise self.too_many()
        for place, delta in enumerate(parts):
            if isinstance(delta, dict):
                self.take_one(delta, place if len(parts) > 1 else None)

    def too_many(self) -> AnswerTooLarge:
        """The refusal of more calls."""
        return AnswerTooLarge(TOO_MANY_TOOLS.format(count=self.most_calls))

    def take_one(self, delta: dict[str, Any], place: int | None = None) -> None:
        """Add a delta to the call it belongs to, or begin another."""
        function = delta.get("function")
        function = function if isinstance(function, dict) else delta
        arguments = next((function[key] for key in ARGUMENTS if key in function), None)
        if isinstance(arguments, str):
            self.characters += len(arguments)
            if self.characters > self.most_chars:
                raise AnswerTooLarge(ARGUMENTS_TOO_LONG.format(characters=self.most_chars))
        index, name = index_of(delta.get("index"), place), label(function.get("name"))
        identifier = label(delta.get("id"))
        draft = self.draft_for(index, identifier)
        is_labelled = index is not None or identifier in {"", draft.id if draft else ""}
        if draft is None or (
            name and self.begins_another(draft, identifier, name, arguments, is_labelled)
        ):
            draft = self.begin(index)
        elif name == draft.name and repeats(draft, arguments):
            return
        draft.take(identifier, name, arguments)

    def begin(self, index: int | str | None) -> Draft:
        """Another call."""
        if len(self.drafts) >= self.most_calls:
            raise self.too_many()
        self.drafts.append(Draft(index))
        return self.drafts[-1]

    def draft_for(self, index: int | str | None, identifier: str) -> Draft | None:
        """The newest call a delta can belong to; index and id each may be missing or misleading."""
        found = None
        for draft in reversed(self.drafts):
            if not has_place(draft, index):
                continue
            if identifier and identifier == draft.id:
                return draft
            found = found or draft
        return found

    def begins_another(
        self,
        draft: Draft,
        identifier: str,
        name: str,
        arguments: Any,
        is_labelled: bool,  # noqa: FBT001 -- one of four facts
    ) -> bool:
        """Whether a delta with a name begins a call, though it can be a piece of `draft`."""
        if not draft.name:
            return False
        if name == draft.name:
            # Named in every delta, or called twice. The same thing twice is said once.
            return not is_labelled or (self.is_complete(draft) and not repeats(draft, arguments))
        if draft.has_arguments:
            return True
        if identifier and draft.id:
            return identifier != draft.id
        # A name in pieces, if the pieces are the beginning of a name.
        if self.offered.resolve(draft.name) and self.offered.resolve(name):
            return True
        return bool(self.offered) and not self.offered.may_begin(draft.name + name)

    def is_complete(self, draft: Draft) -> bool:
        """Whether nothing more can follow of a call's arguments."""
        if draft.text:
            self.looks_left -= 1
        return self.looks_left >= 0 and draft.is_complete()

    def finished(
        self, written: list[WrittenCall] | None = None, *, was_cut: bool = False
    ) -> list[ToolCall]:
        """The calls in the order they were begun; nameless remains are dropped.

        `written` are those that stood in the text: servers that read them leave them there.
        """
        drafts = [draft for draft in self.drafts if draft.name]
        calls = [self.call_from(draft) for draft in drafts]
        if was_cut and drafts and not drafts[-1].is_complete():
            calls[-1].arguments, calls[-1].invalid = {}, CUT_SHORT
        for name, arguments, invalid, _ in written or ():
            if not any((call.name, call.arguments) == (name, arguments) for call in calls):
                calls.append(ToolCall("", name, arguments, invalid))
        used = self.offered.used_ids() if calls else set()
        for call in calls:
            if not call.id or call.id in used:
                call.id = new_id(used)
            used.add(call.id)
        return calls

    def call_from(self, draft: Draft) -> ToolCall:
        """The call; unreadable arguments are named in `invalid`, never raised."""
        arguments, problem = read_arguments(draft.text, draft.whole)
        name = self.offered.resolve(draft.name) or draft.name
        return ToolCall(draft.id, name, arguments, problem)


def new_id(used: set[str]) -> str:
    """An id that no call of the conversation has."""
    while (identifier := uuid.uuid4().hex[:ID_LENGTH]) in used:
        pass
    return identifier


def index_of(index: Any, place: int | None) -> int | str | None:
    """The number a server gave a call, or its place among those of one delta."""
    if isinstance(index, str):
        return int(index) if index.isascii() and index.isdecimal() and len(index) < 10 else index  # noqa: PLR2004
    # `True` would be taken for 1.
    return index if type(index) is int else place


def label(value: Any) -> str:
    """A name or id as a server gave it, if it is one, without what no column or header takes."""
    if type(value) is int:
        value = str(value)
    if not isinstance(value, str):
        return ""
    value = value[:LONGEST_NAME]
    return value if value.isprintable() else "".join(filter(str.isprintable, value))


def has_place(draft: Draft, index: int | str | None) -> bool:
    """Whether a delta with this number can belong to a call."""
    return index is None or draft.index is None or draft.index == index


def repeats(draft: Draft, arguments: Any) -> bool:
    """Whether these are the arguments that the call has already, all of them."""
    if not isinstance(arguments, str):
        return arguments is not None and arguments == draft.whole
    if len(arguments) != draft.characters or not arguments.endswith("}"):
        return False
    return arguments == "".join(draft.text)
