"""The agent loop; imports no Django."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from chat.agent.errors import AnswerTooLarge, LimitReached
from chat.agent.types import (
    ChatMessage,
    LanguageModel,
    ModelEvent,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolSchema,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What a tool answered: text for the model, and the data behind it."""

    text: str
    structured: Any = None


class Toolset(Protocol):
    """The tools of one run. A tool's failure is an output that says so, never an exception."""

    @property
    def schemas(self) -> Sequence[ToolSchema]:
        """The tools the model may call."""
        ...

    async def call(self, call: ToolCall) -> ToolOutput:
        """Carry out one call."""
        ...


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """The model is about to speak for the `number`-th time in this run."""

    number: int


async def run_agent(
    model: LanguageModel,
    messages: list[ChatMessage],
    toolset: Toolset,
    *,
    max_turns: int,
    max_chars: int,
) -> AsyncGenerator[ModelEvent | TurnStarted, None]:
    """Alternate model turns and tool calls until the model only talks.

    Appends what was said to `messages`. Raises `LimitReached`, `AnswerTooLarge` after `max_chars`
    characters of text and reasoning, and what the model raises.
    """
    left = max_chars
    for number in range(1, max_turns + 1):
        yield TurnStarted(number)
        calls: list[ToolCall] = []
        said: list[str] = []
        async with aclosing(model.stream(messages, tools=toolset.schemas)) as stream:
            async for event in stream:
                if type(event) is TextDelta:
                    said.append(event.text)
                    left -= len(event.text)
                elif type(event) is ReasoningDelta:
                    left -= len(event.text)
                elif type(event) is ToolCall:
                    calls.append(event)
                yield event
                if left < 0:
                    raise AnswerTooLarge(f"The answer is longer than {max_chars} characters.")
        if not calls:
            return
        messages.append(ChatMessage("assistant", "".join(said), tool_calls=calls))
        for call in calls:
            output = await toolset.call(call)
            messages.append(tool_message(call, output))
    raise LimitReached(f"The answer was ended after {max_turns} turns.")


def tool_message(call: ToolCall, output: ToolOutput) -> ChatMessage:
    """The message that gives a tool's answer to the model."""
    return ChatMessage(
        "tool",
        output.text,
        tool_call_id=call.id,
        structured=output.structured,
        tool_name=call.name,
    )
