"""What a model said in one turn, and whether that is an answer; imports no Django."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chat.agent.exceptions import AnswerEmpty, AnswerFiltered
from chat.agent.sentences import gettext_noop
from chat.agent.state import PendingCall
from chat.agent.types import ChatMessage, ReasoningDelta, TextDelta, Usage
from youworker.core.ids import uuid7

if TYPE_CHECKING:
    from chat.agent.state import AgentState
    from chat.agent.types import Notice, StopReason, ToolCall

# What the model says before and after its tools are two paragraphs.
PARAGRAPH = "\n\n"
# What the user is told when an answer is none, or not all of one.
CUT_SHORT = gettext_noop(
    "The answer was cut off at its longest length. Ask the model to go on, or have the "
    "administrator raise LLM_MAX_OUTPUT_TOKENS."
)
THOUGHT_TOO_LONG = gettext_noop(
    "The model used up the longest length of an answer for thinking and did not come to an answer. "
    "Ask for less at once, choose a model that thinks less, or have the administrator raise "
    "LLM_MAX_OUTPUT_TOKENS."
)
TOO_SHORT = gettext_noop(
    "The longest length of an answer was used up before the model said anything. Ask for less at "
    "once, or have the administrator raise LLM_MAX_OUTPUT_TOKENS."
)
ONLY_THOUGHT = gettext_noop(
    "The model only thought and gave no answer. Ask again, or choose another model; if this "
    "happens often, its server does not tell reasoning and answer apart."
)
SAID_NOTHING = gettext_noop(
    "The model gave an empty answer. Ask again, in other words, or choose another model."
)
WITHHELD = gettext_noop(
    "A content filter of the model's server kept the answer back. Ask in other words, or choose "
    "another model."
)
CENSORED = gettext_noop(
    "A content filter of the model's server cut the answer off. Ask in other words, or choose "
    "another model."
)


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
    return Remark("answer_cut", CUT_SHORT) if turn.stop == "length" else None


def silence_of(turn: Turn) -> str:
    """Why a turn has no answer, and what helps."""
    if turn.stop == "length":
        return THOUGHT_TOO_LONG if turn.thought else TOO_SHORT
    return ONLY_THOUGHT if turn.thought else SAID_NOTHING
