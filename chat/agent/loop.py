"""The agent loop: turns of the model, and whether the last is an answer; imports no Django."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chat.agent.calls import settle_calls
from chat.agent.exceptions import (
    AnswerEmpty,
    AnswerFiltered,
    AnswerTooLarge,
    TokenLimitReached,
    TurnLimitReached,
)
from chat.agent.joining import join_answer
from chat.agent.sentences import (
    ANSWER_CUT_SHORT,
    ANSWER_TOO_LONG,
    CENSORED,
    ONLY_THOUGHT,
    SAID_NOTHING,
    THOUGHT_TOO_LONG,
    TOO_MANY_TOKENS,
    TOO_MANY_TURNS,
    TOO_SHORT,
    WITHHELD,
)
from chat.agent.state import PendingCall
from chat.agent.tools import ToolEvent, ToolRequested
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
from chat.agent.window import fitted
from youworker.core.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from chat.agent.state import AgentState
    from chat.agent.tools import Toolset
    from chat.agent.types import StopReason

# What the model says before and after its tools are two paragraphs.
PARAGRAPH = "\n\n"


@dataclass(frozen=True, slots=True)
class AgentLimits:
    """What one run may use: turns, characters of text and reasoning, calls, and tokens.

    Of `max_calls`, `max_tokens` and the `window`, in tokens, 0 means no limit.
    """

    max_turns: int
    max_chars: int
    max_calls: int = 0
    max_tokens: int = 0
    calls_at_once: int = 1
    window: int = 0

    def require_turn(self, state: AgentState) -> None:
        """Raise `TurnLimitReached` or `TokenLimitReached` when the model may not speak again."""
        if state.turn >= self.max_turns:
            raise TurnLimitReached(TOO_MANY_TURNS.format(count=self.max_turns))
        if 0 < self.max_tokens <= state.tokens_in + state.tokens_out:
            raise TokenLimitReached(TOO_MANY_TOKENS.format(count=self.max_tokens))


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


@dataclass(frozen=True, slots=True)
class Remark:
    """What the user should know about an answer that is one all the same."""

    code: str
    sentence: str


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
    from anywhere. Raises a `LimitReached`, `AnswerTooLarge`, `AnswerEmpty`, `AnswerFiltered`, and
    what the model raises.
    """
    while True:
        if state.pending_calls:
            settling = settle_calls(
                state, toolset, most=limits.max_calls, at_once=limits.calls_at_once
            )
            async with aclosing(settling) as events:
                async for event in events:
                    yield event
            if state.pending_calls:
                yield Suspended()
                return
            yield Checkpoint()
        limits.require_turn(state)
        state.turn += 1
        yield TurnStarted(state.turn)
        async with aclosing(take_turn(state, model, toolset, limits)) as turn:
            async for said in turn:
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
    messages = fitted(state.messages, limits.window) if limits.window else state.messages
    said = model.stream(messages, tools=toolset.schemas)
    async with aclosing(join_answer(said, state.text) if state.joins else said) as stream:
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
            if type(event) is TextDelta and not turn.said and state.text and not state.joins:
                yield TextDelta(PARAGRAPH)
            left -= turn.take(event, state)
            yield event
            if left < 0:
                raise AnswerTooLarge(ANSWER_TOO_LONG.format(characters=limits.max_chars))
    turn.keep_in(state)
    if not turn.calls and (remark := judge_turn(turn, state)):
        yield remark


@dataclass(slots=True)
class Turn:
    """What the model said in one turn."""

    said: list[str] = field(default_factory=list)
    thought: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    stop: StopReason = ""

    def take(self, event: TextDelta | ReasoningDelta | Usage | Notice, state: AgentState) -> int:
        """Keep what an event says; how many characters that is. Called for every token."""
        if type(event) is TextDelta:
            self.said.append(event.text)
            return len(event.text)
        if type(event) is ReasoningDelta:
            self.thought.append(event.text)
            return len(event.text)
        if isinstance(event, Usage):
            state.tokens_in += event.tokens_in
            state.tokens_out += event.tokens_out
        return 0

    def take_back(self) -> None:
        """Turn what was said into reasoning."""
        self.thought += self.said
        self.said.clear()

    def keep_in(self, state: AgentState) -> None:
        """Add the turn to what the agent remembers."""
        text = "".join(self.said)
        gap = PARAGRAPH if self.said and state.text and not state.joins else ""
        state.text += f"{gap}{text}"
        state.joins = state.joins and not self.said
        state.reasoning += "".join(self.thought)
        if self.calls:
            state.messages.append(ChatMessage("assistant", text, tool_calls=self.calls))
            state.pending_calls = [PendingCall(uuid7(), call) for call in self.calls]


def judge_turn(turn: Turn, state: AgentState) -> Remark | None:
    """What the user should know about a last turn; raises where it left them without an answer."""
    is_silent = not "".join(turn.said).strip()
    if turn.stop == "filter":
        raise AnswerFiltered(WITHHELD if is_silent else CENSORED)
    if is_silent:
        sentence = silence_of(turn)
        if state.text.strip():
            return Remark(AnswerEmpty.code, sentence)
        raise AnswerEmpty(sentence)
    return Remark("answer_cut", ANSWER_CUT_SHORT) if turn.stop == "length" else None


def silence_of(turn: Turn) -> str:
    """Why a turn has no answer, and what helps."""
    if turn.stop == "length":
        return THOUGHT_TOO_LONG if turn.thought else TOO_SHORT
    return ONLY_THOUGHT if turn.thought else SAID_NOTHING
