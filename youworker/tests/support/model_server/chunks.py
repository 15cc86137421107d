"""The wire form of an answer: SSE lines inside HTTP chunks, and whole JSON documents."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from youworker.tests.support.model_server.turns import Call, Turn

CREATED = 1_760_000_000
CHARACTERS_PER_PIECE = 7


def framed(payload: bytes) -> bytes:
    """One HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def event(document: Any) -> bytes:
    """One SSE event in a chunk of its own, as real servers write it."""
    return framed(b"data: " + orjson.dumps(document) + b"\n\n")


class Chunks:
    """Builds the chunks of one answer; the frame around a token is serialised once."""

    def __init__(self, model: str) -> None:
        self.model = model
        sample = self.document({"content": "\x00"})
        before, _, after = orjson.dumps(sample).partition(b"\\u0000")
        self.before, self.after = b"data: " + before, after + b"\n\n"
        self.room = len(self.before) + len(self.after)

    def document(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        """A `chat.completion.chunk` with one choice."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {**self.envelope(), "choices": [choice]}

    def envelope(self) -> dict[str, Any]:
        """What every chunk repeats."""
        return {
            "id": "chatcmpl-double",
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": self.model,
        }

    def token(self, text: str) -> bytes:
        """The chunk of one token."""
        inner = orjson.dumps(text)[1:-1]
        size = self.room + len(inner)
        return b"%x\r\n%b%b%b\r\n" % (size, self.before, inner, self.after)

    def stamped(self) -> bytes:
        """A token that says when it was written."""
        return self.token(f"t{time.monotonic_ns()} ")

    def delta(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        """The chunk of any other delta."""
        return event(self.document(delta, finish))

    def usage(self, tokens_in: int, tokens_out: int) -> bytes:
        """The chunk with the counts, whose choices are empty."""
        counts = usage_of(tokens_in, tokens_out)
        return event({**self.envelope(), "choices": [], "usage": counts})


def usage_of(tokens_in: int, tokens_out: int) -> dict[str, int]:
    """Token counts in OpenAI's words."""
    return {
        "prompt_tokens": tokens_in,
        "completion_tokens": tokens_out,
        "total_tokens": tokens_in + tokens_out,
    }


def call_deltas(turn: Turn) -> Iterator[dict[str, Any]]:
    """The deltas of the turn's tool calls, in its style."""
    for index, call in enumerate(turn.calls):
        for part in PARTS[turn.call_style](index, call):
            yield {"tool_calls": [part]}


def whole_call(index: int, call: Call) -> Iterator[dict[str, Any]]:
    """Everything in one delta."""
    function = {"name": call.name, "arguments": arguments_text(call)}
    yield {"index": index, "id": identifier(index, call), "type": "function", "function": function}


def call_in_pieces(index: int, call: Call) -> Iterator[dict[str, Any]]:
    """The name first, then the arguments bit by bit, as OpenAI and vLLM send them."""
    function = {"name": call.name, "arguments": ""}
    yield {"index": index, "id": identifier(index, call), "type": "function", "function": function}
    text = arguments_text(call)
    for start in range(0, len(text), CHARACTERS_PER_PIECE):
        piece = text[start : start + CHARACTERS_PER_PIECE]
        yield {"index": index, "function": {"arguments": piece}}


def bare_call(_: int, call: Call) -> Iterator[dict[str, Any]]:
    """Neither index nor id, the arguments in two halves."""
    text = arguments_text(call)
    middle = len(text) // 2
    yield {"function": {"name": call.name, "arguments": text[:middle]}}
    yield {"function": {"arguments": text[middle:]}}


def object_call(index: int, call: Call) -> Iterator[dict[str, Any]]:
    """Arguments as a JSON object instead of a string."""
    function = {"name": call.name, "arguments": call.arguments}
    yield {"index": index, "id": identifier(index, call), "function": function}


PARTS = {
    "whole": whole_call,
    "pieces": call_in_pieces,
    "bare": bare_call,
    "object": object_call,
}


def arguments_text(call: Call) -> str:
    """The arguments as the string OpenAI's format wants."""
    if isinstance(call.arguments, str):
        return call.arguments
    return orjson.dumps(call.arguments).decode()


def identifier(index: int, call: Call) -> str:
    """The call's id, made up when the script names none."""
    return call.id or f"call_{index}"


def whole_answer(turn: Turn, pieces: list[str], model: str, tokens_in: int) -> dict[str, Any]:
    """The answer of a request without `stream`."""
    message: dict[str, Any] = {"role": "assistant", "content": "".join(pieces) or None}
    if turn.reasoning:
        message[turn.reasoning_field] = turn.reasoning
    calls = [part for index, call in enumerate(turn.calls) for part in whole_call(index, call)]
    if calls:
        message["tool_calls"] = calls
    reason = "tool_calls" if calls else "stop"
    choice = {"index": 0, "message": message, "finish_reason": reason}
    answer: dict[str, Any] = {
        "id": "chatcmpl-double",
        "object": "chat.completion",
        "created": CREATED,
        "model": model,
        "choices": [choice],
    }
    if turn.usage:
        answer["usage"] = usage_of(tokens_in, len(pieces))
    return answer
