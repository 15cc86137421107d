"""What a model said in one turn, and whether that is an answer; imports no Django."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chat.agent.exceptions import AnswerEmpty, AnswerFiltered
from chat.agent.sentences import (
    ANSWER_CUT_SHORT,
    CENSORED,
    ONLY_THOUGHT,
    SAID_NOTHING,
    THOUGHT_TOO_LONG,
    TOO_SHORT,
    WITHHELD,
)
from chat.agent.state import PendingCall
from chat.agent.types import ChatMessage, ReasoningDelta, TextDelta, Usage
from youworker.core.ids import uuid7

if TYPE_CHECKING:
    from chat.agent.state import AgentState
    from chat.agent.types import Notice, StopReason, ToolCall

# What the model says before and after its tools are two paragraphs.
PARAGRAPH = "\n\n"


@dataclass(frozen=True, slots=True)
class Remark:
    """What the user should know about an answer that is one all the same."""

    code: str
    sentence: str


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
