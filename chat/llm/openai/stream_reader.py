"""Reads a streamed or whole completion and forgives what servers get wrong in it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeGuard

import orjson

from chat.agent.exceptions import AgentError, AnswerTooLarge, ModelRefused, ModelUnavailable
from chat.agent.tokens import size_of, tokens_of_bytes
from chat.agent.types import ModelEvent, ReasoningDelta, TextDelta, ToolCall, Usage
from chat.llm.openai.reasoning_tags import ThinkTags
from chat.llm.openai.tool_calls import CallAssembly
from youworker.upstream.errors import FIRST_SERVER_ERROR, as_text, said_by_server

if TYPE_CHECKING:
    from youworker.upstream.endpoint import Limits

logger = logging.getLogger(__name__)

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# No model reads or writes as much in one turn, and a hundred turns of it fit into a column.
MOST_TOKENS = 10_000_000


class AnswerReader:
    """Turns the bytes of one answer into events; lives for one attempt."""

    def __init__(self, limits: Limits) -> None:
        self.longest_line = limits.line_bytes
        # Of an incomplete line; growing `bytes` would be copied with every piece.
        self.rest = bytearray()
        self.calls = CallAssembly(limits)
        self.tags = ThinkTags()
        self.usage: Usage | None = None
        self.written_bytes = 0
        self.started = False
        self.finished = False
        self.failure: AgentError | None = None

    def feed(self, block: bytes) -> list[ModelEvent]:
        """The events of the complete lines in what was received so far.

        What was said before a failure is given first; the next call raises it.
        """
        if self.failure:
            raise self.failure
        events: list[ModelEvent] = []
        try:
            for line in self.lines(block):
                # Comments, event names and blank lines carry nothing.
                if line.startswith(b"data:"):
                    self.take_line(line[5:], events)
            self.require_short_line()
        except AgentError as failure:
            if not events:
                raise
            self.failure = failure
        return events

    def lines(self, block: bytes) -> list[bytes]:
        """The lines that a block completes; the rest of it is kept."""
        # No JSON text holds a bare carriage return, so each one ends a line.
        lines = block.replace(b"\r", b"\n").split(b"\n")
        last = lines.pop()
        if lines and self.rest:
            lines[0] = bytes(self.rest) + lines[0]
            self.rest.clear()
        self.rest += last
        if lines and lines[0].startswith(BYTE_ORDER_MARK):
            lines[0] = lines[0].removeprefix(BYTE_ORDER_MARK)
        return lines

    def require_short_line(self) -> None:
        """Refuse to keep more of an incomplete line."""
        if len(self.rest) > self.longest_line:
            raise AnswerTooLarge(
                f"The model's server sent more than {self.longest_line} bytes as one piece."
            )

    def feed_whole(self, block: bytes) -> None:
        """Keep a piece of an answer that is one document; it is read as a single line."""
        if not self.rest:
            block = b"data:" + block.removeprefix(BYTE_ORDER_MARK)
        self.rest += block.replace(b"\r", b" ").replace(b"\n", b" ")
        self.require_short_line()

    def take_line(self, data: bytes, events: list[ModelEvent]) -> None:
        """Read one `data:` line."""
        try:
            document = orjson.loads(data)
        except orjson.JSONDecodeError:
            self.take_unreadable(data.strip())
            return
        if type(document) is dict:
            self.take_document(document, events)

    def take_unreadable(self, data: bytes) -> None:
        """Note the end mark; skip garbage."""
        if data == b"[DONE]":
            self.finished = True
        elif data:
            logger.debug("Skipped an unreadable line of a model server")

    def take_document(self, document: dict[str, Any], events: list[ModelEvent]) -> None:
        """Read one chunk, or a whole completion, which has the same shape."""
        choices = document.get("choices")
        if choices and type(choices) is list:
            self.take_choice(choices[0], events)
        elif document.get("error"):
            raise self.reported(document["error"])
        if usage := document.get("usage"):
            self.usage = usage_of(usage) or self.usage

    def take_choice(self, choice: Any, events: list[ModelEvent]) -> None:
        """Read the only choice that is ever asked for."""
        if type(choice) is not dict:
            return
        delta = choice.get("delta") or choice.get("message")
        if type(delta) is dict:
            self.take_delta(delta, events)
        if choice.get("finish_reason"):
            self.finished = True

    def take_delta(self, delta: dict[str, Any], events: list[ModelEvent]) -> None:
        """Read text, reasoning and tool calls."""
        # `reasoning` is Ollama's and vLLM's word, `reasoning_content` DeepSeek's and llama.cpp's.
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if thought and isinstance(thought, str):
            self.add(ReasoningDelta(thought), events)
        text = delta.get("content")
        if text:
            if type(text) is not str:
                text = text_of_parts(text)
            if self.tags.is_over:
                self.add(TextDelta(text), events)
            else:
                self.take_tagged(text, events)
        if calls := delta.get("tool_calls"):
            self.started = True
            self.calls.take(calls)

    def take_tagged(self, text: str, events: list[ModelEvent]) -> None:
        """Hand on text that may hold reasoning, as long as that is open."""
        self.started = True
        for piece in self.tags.take(text):
            self.add(piece, events)

    def add(self, event: TextDelta | ReasoningDelta, events: list[ModelEvent]) -> None:
        """Hand on a piece of output."""
        self.started = True
        self.written_bytes += size_of(event.text)
        events.append(event)

    def end(self, body: dict[str, Any]) -> list[ModelEvent]:
        """Tool calls and usage, after the last byte; raise `ModelUnavailable` without any output.

        A stream that just ends counts as complete once anything was said: `[DONE]` and even the
        finish reason are missing on some servers.
        """
        events = self.feed(b"\n")
        if self.failure:
            return events
        for piece in self.tags.rest():
            self.add(piece, events)
        calls = self.calls.finished()
        if not (self.started or self.finished):
            raise ModelUnavailable("The model's server ended the answer before it began.")
        events.extend(calls)
        events.append(self.usage or self.estimated(body, calls))
        return events

    def estimated(self, body: dict[str, Any], calls: list[ToolCall]) -> Usage:
        """What the turn probably cost, for servers that do not say."""
        read = len(orjson.dumps([body.get("messages"), body.get("tools")]))
        written = self.written_bytes + sum(
            len(call.name) + len(orjson.dumps(call.arguments)) for call in calls
        )
        return Usage(tokens_of_bytes(read), tokens_of_bytes(written))

    def reported(self, error: Any) -> ModelUnavailable | ModelRefused:
        """What an error object inside an answer means."""
        message = said_by_server(error)
        code = error.get("code") if isinstance(error, dict) else None
        if self.started or (isinstance(code, int) and code >= FIRST_SERVER_ERROR):
            return ModelUnavailable(f"The model's server broke off: {message}")
        return ModelRefused(f"The model's server refused: {message}")


def text_of_parts(parts: Any) -> str:
    """The text of content given as a list of parts."""
    if not isinstance(parts, list):
        return as_text(parts)
    return "".join(as_text(part.get("text") or "") for part in parts if isinstance(part, dict))


def usage_of(counts: Any) -> Usage | None:
    """The token counts, if they are complete and can be true."""
    if not isinstance(counts, dict):
        return None
    tokens_in, tokens_out = counts.get("prompt_tokens"), counts.get("completion_tokens")
    return Usage(tokens_in, tokens_out) if is_count(tokens_in) and is_count(tokens_out) else None


def is_count(value: Any) -> TypeGuard[int]:
    """Whether a value is a number of tokens."""
    return type(value) is int and 0 <= value <= MOST_TOKENS
