"""The agent loop; imports no Django."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chat.agent.exceptions import AnswerTooLarge, LimitReached
from chat.agent.sentences import ANSWER_TOO_LONG, TOO_MANY_TURNS
from chat.agent.tools import ToolEnded, ToolEvent, ToolRequested, ToolStarted, ToolWaiting
from chat.agent.turn import PARAGRAPH, Remark, Turn, judge_turn
from chat.agent.types import (
    ChatMessage,
    LanguageModel,
    Notice,
    ReasoningDelta,
    Retraction,
    TextDelta,
    ToolCall,
    TurnEnd,
    Usage,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from chat.agent.state import AgentState
    from chat.agent.tools import ToolOutput, Toolset


@dataclass(frozen=True, slots=True)
class AgentLimits:
    """How many turns an answer may take, and how many characters of text and reasoning."""

    max_turns: int
    max_chars: int


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """The model is about to speak for the `number`-th time in this run."""

    number: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state is whole: who goes on from it repeats nothing that was shown."""


@dataclass(frozen=True, slots=True)
class Retracted:
    """What was given as text in this turn was reasoning."""


@dataclass(frozen=True, slots=True)
class Suspended:
    """Nothing more happens until somebody has decided about the pending calls of the state."""


AgentEvent = (
    TextDelta
    | ReasoningDelta
    | Usage
    | Notice
    | ToolRequested
    | ToolEvent
    | TurnStarted
    | Checkpoint
    | Retracted
    | Remark
    | Suspended
)


async def run_agent(
    state: AgentState, model: LanguageModel, toolset: Toolset, limits: AgentLimits
) -> AsyncGenerator[AgentEvent, None]:
    """Alternate model turns and tool calls until the model only talks, or a call has to wait.

    Goes on from `state` and keeps it up to date; after `Suspended` it can be stored and gone on
    from anywhere. Raises `LimitReached`, `AnswerTooLarge`, `AnswerEmpty`, `AnswerFiltered`, and
    what the model raises.
    """
    while True:
        if state.pending_calls:
            async for event in settle_calls(state, toolset):
                yield event
            if state.pending_calls:
                yield Suspended()
                return
            yield Checkpoint()
        if state.turn >= limits.max_turns:
            raise LimitReached(TOO_MANY_TURNS.format(count=limits.max_turns))
        state.turn += 1
        yield TurnStarted(state.turn)
        async with aclosing(take_turn(state, model, toolset, limits)) as events:
            async for said in events:
                yield said
        if not state.pending_calls:
            return
        yield Checkpoint()


async def take_turn(
    state: AgentState, model: LanguageModel, toolset: Toolset, limits: AgentLimits
) -> AsyncGenerator[AgentEvent, None]:
    """Let the model speak once; its calls are pending afterwards."""
    left = limits.max_chars - len(state.text) - len(state.reasoning)
    turn = Turn()
    async with aclosing(model.stream(state.messages, tools=toolset.schemas)) as stream:
        async for event in stream:
            if isinstance(event, ToolCall):
                turn.calls.append(event)
                yield ToolRequested(event)
                continue
            if isinstance(event, Retraction):
                if turn.said:
                    turn.take_back()
                    yield Retracted()
                continue
            if isinstance(event, TurnEnd):
                turn.stop = event.reason
                continue
            if type(event) is TextDelta and not turn.said and state.text:
                yield TextDelta(PARAGRAPH)
            left -= turn.take(event, state)
            yield event
            if left < 0:
                raise AnswerTooLarge(ANSWER_TOO_LONG.format(characters=limits.max_chars))
    turn.keep_in(state)
    if not turn.calls and (remark := judge_turn(turn, state)):
        yield remark


async def settle_calls(state: AgentState, toolset: Toolset) -> AsyncGenerator[ToolEvent, None]:
    """Make the pending calls in order; those that have to wait stay pending."""
    for pending in list(state.pending_calls):
        start = await toolset.begin(pending)
        if start.is_waiting:
            yield ToolWaiting(pending.id, start.tool, start.arguments, start.asked)
            continue
        output = start.output
        if output is None:
            yield ToolStarted(pending.id, start.tool, start.arguments)
            output = await toolset.call(pending)
        state.messages.append(tool_message(pending.call, output))
        state.pending_calls.remove(pending)
        yield ToolEnded(pending.id, start.tool, output)


def tool_message(call: ToolCall, output: ToolOutput) -> ChatMessage:
    """The message that gives a tool's answer to the model."""
    return ChatMessage(
        "tool",
        output.text,
        tool_call_id=call.id,
        structured=output.structured,
        tool_name=call.name,
    )
