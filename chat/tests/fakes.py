"""Doubles that implement the agent's protocols."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from chat.agent.loop import ToolOutput
    from chat.agent.types import ChatMessage, ModelEvent, ToolCall, ToolSchema


class ScriptedModel:
    """Says what it was told to, turn by turn; a number in a turn is a pause in seconds."""

    name = "scripted"
    context_tokens = 8192

    def __init__(self, turns: Sequence[Sequence[ModelEvent | float | Exception]]) -> None:
        self.turns = list(turns)
        self.seen: list[list[ChatMessage]] = []

    async def stream(
        self, messages: Sequence[ChatMessage], *, tools: Sequence[ToolSchema]
    ) -> AsyncGenerator[ModelEvent, None]:
        self.seen.append(list(messages))
        for event in self.turns.pop(0):
            if isinstance(event, float):
                await asyncio.sleep(event)
            elif isinstance(event, Exception):
                raise event
            else:
                yield event


class ListedTools:
    """Tools with fixed answers."""

    schemas: Sequence[ToolSchema] = ()

    def __init__(self, answers: dict[str, ToolOutput]) -> None:
        self.answers = answers
        self.called: list[str] = []

    async def call(self, call: ToolCall) -> ToolOutput:
        self.called.append(call.name)
        return self.answers[call.name]
