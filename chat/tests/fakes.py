"""Doubles that implement the agent's protocols."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from chat.agent.tools import CallStart, ToolOutput
from chat.agent.types import TextDelta, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from uuid import UUID

    from chat.agent.state import PendingCall
    from chat.agent.types import ChatMessage, ModelEvent, ToolSchema


class ScriptedModel:
    """Says what it was told to, turn by turn; a number in a turn is a pause in seconds."""

    name = "scripted"
    context_tokens = 8192

    def __init__(self, turns: Sequence[Sequence[ModelEvent | float | Exception]]) -> None:
        self.turns = list(turns)
        self.seen: list[list[ChatMessage]] = []
        self.offered: list[list[ToolSchema]] = []

    async def stream(
        self, messages: Sequence[ChatMessage], *, tools: Sequence[ToolSchema]
    ) -> AsyncGenerator[ModelEvent, None]:
        self.seen.append(list(messages))
        self.offered.append(list(tools))
        for event in self.turns.pop(0):
            if isinstance(event, float):
                await asyncio.sleep(event)
            elif isinstance(event, Exception):
                raise event
            else:
                yield event


def answered(*texts):
    """A model that says these, one after the other."""
    return ScriptedModel([[TextDelta(text), Usage(3, 2)] for text in texts])


class ListedTools:
    """Tools with fixed answers; those in `asking` wait until they stand in `allowed`."""

    schemas: Sequence[ToolSchema] = ()

    def __init__(self, answers: dict[str, ToolOutput], *, asking: Sequence[str] = ()) -> None:
        self.answers = answers
        self.asking = set(asking)
        self.allowed: set[UUID] = set()
        self.called: list[str] = []
        self.reading: set[str] = set()
        self.refused: dict[UUID, str] = {}

    def is_read_only(self, pending: PendingCall) -> bool:
        return pending.call.name in self.reading

    def refuse(self, pending: PendingCall, reason: str) -> None:
        self.refused[pending.id] = reason

    async def begin(self, pending: PendingCall) -> CallStart:
        call = pending.call
        waits = call.name in self.asking and pending.id not in self.allowed
        return CallStart(call.name, call.arguments, is_waiting=waits)

    async def call(self, pending: PendingCall) -> ToolOutput:
        if reason := self.refused.get(pending.id):
            return ToolOutput(reason, is_error=True)
        self.called.append(pending.call.name)
        return self.answers[pending.call.name]
