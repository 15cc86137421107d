"""What an agent has to remember between its turns, as plain JSON; imports no Django."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

from chat.agent.types import ChatMessage, ToolCall

# Raised when states of before can no longer be read.
VERSION = 1


class UnknownState(Exception):
    """This is no state that this version of the product can go on from."""


@dataclass(slots=True)
class PendingCall:
    """A call that is not settled yet; its id names it in every process that takes it up."""

    id: UUID
    call: ToolCall


@dataclass(slots=True)
class AgentState:
    """Everything another process needs to go on: what was said, seen, used and asked for.

    `citations` are the passages the model was shown, in the order of their numbers, as the
    toolset described them, and `numbers` the pairs of such a number and the reader's; states of
    before have none. `text` and `reasoning` are those of all finished turns, as readers see them.
    """

    messages: list[ChatMessage]
    turn: int = 0
    pending_calls: list[PendingCall] = field(default_factory=list)
    citations: list[dict[str, Any]] = field(default_factory=list)
    numbers: list[tuple[int, int]] | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    text: str = ""
    reasoning: str = ""
    # Whether the next words go on with the last sentence of the text.
    joins: bool = False

    def to_json(self) -> dict[str, Any]:
        """The state as values JSON has."""
        return {
            "v": VERSION,
            "messages": [message_to(message) for message in self.messages],
            "turn": self.turn,
            "pending_calls": [
                {"id": str(pending.id), "call": fields_of(pending.call)}
                for pending in self.pending_calls
            ],
            "citations": list(self.citations),
            "numbers": self.numbers,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "text": self.text,
            "reasoning": self.reasoning,
            "joins": self.joins,
        }

    @classmethod
    def from_json(cls, data: Any) -> AgentState:
        """The state as it was written; raises `UnknownState`."""
        if not isinstance(data, dict) or data.get("v") != VERSION:
            raise UnknownState
        try:
            return cls(
                messages=[message_from(row) for row in data["messages"]],
                turn=data["turn"],
                pending_calls=[
                    PendingCall(UUID(row["id"]), ToolCall(**row["call"]))
                    for row in data["pending_calls"]
                ],
                citations=data["citations"],
                numbers=data.get("numbers"),
                tokens_in=data["tokens_in"],
                tokens_out=data["tokens_out"],
                text=data["text"],
                reasoning=data["reasoning"],
                joins=bool(data.get("joins")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UnknownState from error


def fields_of(thing: ChatMessage | ToolCall) -> dict[str, Any]:
    """The fields as they are: `asdict` would follow what models say to any depth."""
    return {each.name: getattr(thing, each.name) for each in fields(thing)}


def message_to(message: ChatMessage) -> dict[str, Any]:
    """One message as JSON."""
    return {**fields_of(message), "tool_calls": [fields_of(call) for call in message.tool_calls]}


def message_from(row: dict[str, Any]) -> ChatMessage:
    """One message of a stored state."""
    calls = [ToolCall(**call) for call in row["tool_calls"]]
    return ChatMessage(**{**row, "tool_calls": calls})
