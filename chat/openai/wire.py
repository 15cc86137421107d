"""Completions as OpenAI's clients read them, whole and in pieces."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chat.agent.types import ToolCall, Usage

KEEPALIVE = b": still here\n\n"
END = b"data: [DONE]\n\n"


def new_id() -> str:
    """A name for an answer that has none."""
    return f"chatcmpl-{uuid4().hex}"


@dataclass(frozen=True, slots=True)
class Wire:
    """What all pieces of one answer repeat; `extra` are our own fields beside OpenAI's.

    `site` is our address as the caller knows it, for the links of sources.
    """

    model: str
    id: str = field(default_factory=new_id)
    created: int = field(default_factory=lambda: int(time.time()))
    with_usage: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    site: str = ""

    def document(self, kind: str) -> dict[str, Any]:
        """The beginning of everything that is sent."""
        return {
            "id": self.id,
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

    def usage_chunk(self, usage: Usage) -> bytes:
        """The last piece of a stream whose reader asked for counts; else nothing."""
        if not self.with_usage:
            return b""
        document = {**self.document("chat.completion.chunk"), "choices": []}
        return framed({**document, "usage": counts(usage)})

    def completion(self, message: Mapping[str, Any], finish: str, usage: Usage) -> dict[str, Any]:
        """A whole answer."""
        said = {"role": "assistant", "refusal": None, **message}
        choice = {"index": 0, "message": said, "logprobs": None, "finish_reason": finish}
        return {
            **self.document("chat.completion"),
            "choices": [choice],
            "usage": counts(usage),
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
