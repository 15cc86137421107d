"""Answers as OpenAI's clients read them, whole and in pieces; here, as completions."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID, uuid4

import orjson

from youworker.core.api.openai_shape import error_document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chat.agent.types import ToolCall, Usage
    from youworker.core.exceptions import DomainError

KEEPALIVE = b": still here\n\n"
END = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; `finish` is why it ended, in the words of completions.

    `sources` are the agent's: `citations`, and `annotations` with their addresses.
    """

    text: str
    finish: str
    usage: Usage
    thought: str = ""
    calls: Sequence[ToolCall] = ()
    sources: Mapping[str, Any] = field(default_factory=dict)


class AnswerWire(Protocol):
    """How one answer is sent."""

    @property
    def model(self) -> str:
        """What was asked, by the name that was used."""

    @property
    def site(self) -> str:
        """Our address as the caller knows it, for links; empty where there are none."""

    @property
    def extra(self) -> Mapping[str, Any]:
        """Our own fields beside OpenAI's."""

    def beginning(self) -> bytes:
        """What begins a stream."""

    def text(self, piece: str) -> bytes:
        """A piece of the answer."""

    def thought(self, piece: str) -> bytes:
        """A piece of what the model thinks before it."""

    def ending(self, answer: Answer) -> bytes:
        """What ends a stream whose texts were sent: calls, sources, counts."""

    def failure(self, error: DomainError) -> bytes:
        """What ends a stream that broke down; its status was sent long before."""

    def whole(self, answer: Answer) -> dict[str, Any]:
        """An answer that was not streamed."""


@dataclass(frozen=True, slots=True)
class Wire:
    """Sends an answer as a completion; `extra` are our own fields beside OpenAI's."""

    model: str
    answer_id: UUID = field(default_factory=uuid4)
    created: int = field(default_factory=lambda: int(time.time()))
    with_usage: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    site: str = ""

    def document(self, kind: str) -> dict[str, Any]:
        """The beginning of everything that is sent."""
        return {
            "id": f"chatcmpl-{self.answer_id.hex}",
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": None,
            **self.extra,
        }

    def chunk(self, delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        """A piece of a stream."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        document = {**self.document("chat.completion.chunk"), "choices": [choice]}
        if self.with_usage:
            document["usage"] = None
        return framed(document)

    def beginning(self) -> bytes:
        """The first piece of a stream, which says who speaks."""
        return self.chunk({"role": "assistant", "content": ""})

    def text(self, piece: str) -> bytes:
        """A piece of the answer."""
        return self.chunk({"content": piece})

    def thought(self, piece: str) -> bytes:
        """A piece of what the model thinks before it."""
        return self.chunk({"reasoning_content": piece})

    def ending(self, answer: Answer) -> bytes:
        """What ends a stream whose texts were sent."""
        calls = rendered_calls(answer.calls)
        called = self.chunk({"tool_calls": calls}) if calls else b""
        last = self.chunk(answer.sources, answer.finish)
        return called + last + self.usage_chunk(answer.usage) + END

    def usage_chunk(self, usage: Usage) -> bytes:
        """The last piece of a stream whose reader asked for counts; else nothing."""
        if not self.with_usage:
            return b""
        document = {**self.document("chat.completion.chunk"), "choices": []}
        return framed({**document, "usage": counts(usage)})

    def failure(self, error: DomainError) -> bytes:
        """What ends a stream that broke down."""
        return framed(error_document(error.status, error.code, error.in_words())) + END

    def whole(self, answer: Answer) -> dict[str, Any]:
        """An answer that was not streamed."""
        message: dict[str, Any] = {"role": "assistant", "refusal": None, "content": answer.text}
        if answer.thought:
            message["reasoning_content"] = answer.thought
        if answer.calls:
            message["content"] = answer.text or None
            message["tool_calls"] = [
                {name: value for name, value in call.items() if name != "index"}
                for call in rendered_calls(answer.calls)
            ]
        choice = {
            "index": 0,
            "message": {**message, **answer.sources},
            "logprobs": None,
            "finish_reason": answer.finish,
        }
        return {
            **self.document("chat.completion"),
            "choices": [choice],
            "usage": counts(answer.usage),
        }


def framed(document: Mapping[str, Any]) -> bytes:
    """One server-sent event."""
    return b"data: %s\n\n" % orjson.dumps(document)


def counts(usage: Usage) -> dict[str, int]:
    """Tokens in OpenAI's words."""
    return {
        "prompt_tokens": usage.tokens_in,
        "completion_tokens": usage.tokens_out,
        "total_tokens": usage.tokens_in + usage.tokens_out,
    }


def rendered_calls(calls: Sequence[ToolCall]) -> list[dict[str, Any]]:
    """Calls of the caller's own tools, numbered as streams want it."""
    return [
        {
            "index": number,
            "id": call.id,
            "type": "function",
            "function": {
                "name": call.name,
                "arguments": orjson.dumps(call.arguments).decode(),
            },
        }
        for number, call in enumerate(calls)
    ]
