"""Reads a streamed or whole completion and forgives what servers get wrong in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeGuard

import orjson

from chat.agent.exceptions import AgentError, ModelUnavailable
from chat.agent.tokens import size_of, tokens_of_bytes
from chat.agent.types import ReasoningDelta, Retraction, TextDelta, ToolCall, TurnEnd, Usage
from chat.llm.openai.answer_text import AnswerText
from chat.llm.openai.deltas import parts_of, thought_of
from chat.llm.openai.event_stream import EventStream
from chat.llm.openai.finish_reasons import is_failure, stop_reason
from chat.llm.openai.json_reading import HalfCharacters
from chat.llm.openai.offered_tools import OfferedTools
from chat.llm.openai.reported_errors import error_in, failure_of, failure_of_page
from chat.llm.openai.tool_calls import CallAssembly

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chat.agent.types import ModelEvent, StopReason
    from chat.llm.openai.answer_text import Piece
    from youworker.upstream.endpoint import Limits

# No model reads or writes as much in one turn, and a hundred turns of it fit into a column.
MOST_TOKENS = 10_000_000
# The words of chat completions, of responses and Anthropic, of Ollama.
COUNTS = (
    ("prompt_tokens", "completion_tokens"),
    ("input_tokens", "output_tokens"),
    ("prompt_eval_count", "eval_count"),
)


@dataclass
class Habits:
    """What was learned about a model from its answers."""

    # Its reasoning begins in the prompt, so that only its end stands in the text.
    thinks_unannounced: bool = False


@dataclass(frozen=True)
class Question:
    """What an answer is read against: the tools, the server's key, the model's habits."""

    offered: OfferedTools = field(default_factory=OfferedTools)
    key: str = ""
    habits: Habits = field(default_factory=Habits)


class AnswerReader:
    """Turns the bytes of one answer into events; lives for one attempt."""

    def __init__(self, limits: Limits, question: Question | None = None) -> None:
        self.question = question or Question()
        self.habits = self.question.habits
        self.stream = EventStream(limits.line_bytes)
        self.calls = CallAssembly(limits, self.question.offered)
        self.text = AnswerText(
            limits, self.question.offered, is_thinking=self.habits.thinks_unannounced
        )
        self.halves = HalfCharacters()
        self.usage: Usage | None = None
        self.written_bytes = 0
        self.started = False
        # The server said that and why the model stopped, or marked the end of the stream.
        self.finished = False
        self.stop: StopReason = ""
        # One document with a whole message needs no reason.
        self.is_whole = False
        # Text was given to somebody, who has to be told if it was none.
        self.has_spoken = False
        self.failure: AgentError | None = None

    def feed(self, block: bytes) -> list[ModelEvent]:
        """The events of what a block completes.

        What was said before a failure is given first; the next call raises it.
        """
        return self.read(self.stream.feed(block))

    def read(self, documents: Iterable[dict[str, Any]]) -> list[ModelEvent]:
        """The events of some documents; raises a failure when nothing stands before it."""
        if self.failure:
            raise self.failure
        events: list[ModelEvent] = []
        try:
            for document in documents:
                self.take_document(document, events)
        except AgentError as failure:
            self.break_off(failure, events)
        self.finished = self.finished or self.stream.is_over
        self.has_spoken = self.has_spoken or bool(self.text.said)
        return events

    def take_document(self, document: dict[str, Any], events: list[ModelEvent]) -> None:
        """Read one chunk, or a whole completion, which has nearly the same shape."""
        choices = document.get("choices")
        if not choices or "error" in document or type(document) is not dict:
            self.require_no_error(document)
        if choices and type(choices) is list:
            self.take_choice(choices[0], events)
        elif not choices:
            self.take_plain(document, events)
        if usage := document.get("usage"):
            self.usage = usage_of(usage) or self.usage

    def require_no_error(self, error: Any) -> None:
        """Raise what a document says went wrong; after the end nothing can go wrong any more."""
        told = error_in(error)
        if told is not None and not self.finished:
            raise self.failure_of(told)

    def failure_of(self, told: Any) -> AgentError:
        """What an error means now."""
        return failure_of(told, key=self.question.key, was_speaking=self.started)

    def take_plain(self, document: dict[str, Any], events: list[ModelEvent]) -> None:
        """Read a line of Ollama's own protocol."""
        message = document.get("message")
        if type(message) is dict:
            self.take_delta(message, events)
        elif isinstance(document.get("response"), str) and document["response"]:
            self.take_text(document["response"], events)
        if document.get("done") is True:
            self.finish(document.get("done_reason") or "stop", document)
            self.usage = usage_of(document) or self.usage

    def take_choice(self, choice: Any, events: list[ModelEvent]) -> None:
        """Read the only choice that is ever asked for."""
        if type(choice) is not dict:
            return
        if "error" in choice and choice["error"] and not self.finished:
            raise self.failure_of(choice["error"])
        delta = choice.get("delta")
        if delta and type(delta) is dict:
            self.take_delta(delta, events)
        elif not self.started:
            # Some servers repeat all of it as a message when it has been streamed.
            message = choice.get("message")
            if type(message) is dict:
                self.is_whole = True
                self.take_delta(message, events)
            elif isinstance(choice.get("text"), str):
                self.take_text(choice["text"], events)
        elif choice.get("text") and isinstance(choice["text"], str):
            self.take_text(choice["text"], events)
        if finish := choice.get("finish_reason"):
            self.finish(finish, choice)

    def finish(self, finish: Any, told_in: dict[str, Any]) -> None:
        """Note that and why the model stopped; raises when its server says that it failed."""
        if is_failure(finish) and not self.finished:
            told = told_in.get("error") or f"it ended the answer with {finish!r}"
            raise self.failure_of(told)
        self.finished = True
        self.stop = self.stop or stop_reason(finish)

    def take_delta(self, delta: dict[str, Any], events: list[ModelEvent]) -> None:
        """Read text, reasoning and tool calls."""
        text = delta.get("content")
        if len(delta) > 1 or not text:
            if thought := thought_of(delta):
                self.take_thought(thought, events)
            if calls := delta.get("tool_calls"):
                self.started = True
                self.calls.take(calls)
            if call := delta.get("function_call"):
                # The word of before there were several.
                self.started = True
                self.calls.take(call)
            text = text or delta.get("refusal")
        if text:
            if type(text) is not str:
                thought, text = parts_of(text)
                if thought:
                    self.take_thought(thought, events)
            if text:
                self.take_text(text, events)

    def take_thought(self, thought: str, events: list[ModelEvent]) -> None:
        """Hand on reasoning that the server told apart."""
        self.text.note_thought()
        if self.stream.is_odd:
            thought = self.halves.join(thought)
        self.add([ReasoningDelta(thought)], events)

    def take_text(self, text: str, events: list[ModelEvent]) -> None:
        """Hand on text, taken apart."""
        if self.stream.is_odd:
            text = self.halves.join(text)
        if self.text.has_words(text):
            self.written_bytes += size_of(text)
            events.append(TextDelta(text))
        else:
            self.started = True
            self.add(self.text.take(text), events)

    def add(self, pieces: list[Piece], events: list[ModelEvent]) -> None:
        """Hand on pieces of output."""
        self.started = True
        for piece in pieces:
            if isinstance(piece, Retraction):
                self.take_back(events)
            elif piece.text:
                self.written_bytes += size_of(piece.text)
                events.append(piece)

    def take_back(self, events: list[ModelEvent]) -> None:
        """Turn what was said into reasoning; whoever has heard it is told."""
        events[:] = [
            ReasoningDelta(event.text) if type(event) is TextDelta else event for event in events
        ]
        if self.has_spoken:
            self.has_spoken = False
            events.insert(0, Retraction())

    def end(self, body: dict[str, Any]) -> list[ModelEvent]:
        """What was held back, tool calls and usage, after the last byte.

        Raises `ModelUnavailable` where the server did not come to an end of its own: calls are
        not made then.
        """
        events = self.read(self.stream.end())
        if self.failure:
            return events
        try:
            self.require_end()
        except AgentError as failure:
            self.break_off(failure, events)
            return events
        was_cut = self.stop == "length"
        self.add(self.text.rest(was_cut=was_cut), events)
        self.learn()
        calls = self.calls.finished(self.text.calls, was_cut=was_cut)
        events.extend(calls)
        if self.stop:
            events.append(TurnEnd(self.stop))
        events.append(self.usage or self.estimated(body, calls))
        return events

    def require_end(self) -> None:
        """Raise unless the server said that the answer is complete."""
        if self.finished or self.is_whole:
            return
        page = failure_of_page(bytes(self.stream.loose), key=self.question.key)
        if page and not self.started:
            raise page
        if self.started:
            raise ModelUnavailable("The model's server broke off the answer.")
        raise ModelUnavailable("The model's server ended the answer before it began.")

    def give_up(self, failure: AgentError) -> list[ModelEvent]:
        """What was held back when the answer broke off; raises when there is nothing."""
        events: list[ModelEvent] = []
        self.break_off(failure, events)
        return events

    def break_off(self, failure: AgentError, events: list[ModelEvent]) -> None:
        """Keep a failure until everything said before it was given; raises when that is nothing."""
        self.add(self.text.rest(was_cut=True), events)
        if not events:
            raise failure
        self.failure = failure

    def learn(self) -> None:
        """Remember how this model thinks, for its next answer."""
        if self.text.began_thinking:
            self.habits.thinks_unannounced = True
        elif self.text.assumes_thought or self.text.assumed_wrongly:
            self.habits.thinks_unannounced = False

    def estimated(self, body: dict[str, Any], calls: list[ToolCall]) -> Usage:
        """What the turn probably cost, for servers that do not say."""
        read = len(orjson.dumps([body.get("messages"), body.get("tools")]))
        written = self.written_bytes + sum(
            len(call.name) + len(orjson.dumps(call.arguments)) for call in calls
        )
        return Usage(tokens_of_bytes(read), tokens_of_bytes(written))


def usage_of(counts: Any) -> Usage | None:
    """The token counts, if they are complete and can be true."""
    if not isinstance(counts, dict):
        return None
    for names in COUNTS:
        tokens_in, tokens_out = (counts.get(name) for name in names)
        if is_count(tokens_in) and is_count(tokens_out):
            return Usage(tokens_in, tokens_out)
    return None


def is_count(value: Any) -> TypeGuard[int]:
    """Whether a value is a number of tokens."""
    return type(value) is int and 0 <= value <= MOST_TOKENS
