"""Answers in the form of OpenAI's newer protocol: a response and its output, or events of it."""

from __future__ import annotations

import time
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import orjson

from youworker.core.api.openai_shape import SERVER_ERRORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chat.agent.types import ToolCall, Usage
    from chat.openai.wire import Answer
    from youworker.core.exceptions import DomainError

PREFIX = "resp_"
# Why an answer is none to its end, by the words of completions.
CUT = {"length": "max_output_tokens", "content_filter": "content_filter"}


@dataclass(frozen=True, slots=True)
class TextKind:
    """What texts of one kind are called: the item, its part, and the events of its pieces."""

    item: str
    prefix: str
    part: str
    event: str
    # What is said of each part, and of each piece, besides.
    of_part: Mapping[str, Any] = field(default_factory=dict)
    of_piece: Mapping[str, Any] = field(default_factory=dict)


MESSAGE = TextKind(
    "message",
    "msg_",
    "output_text",
    "response.output_text",
    of_part={"logprobs": []},
    of_piece={"logprobs": []},
)
REASONING = TextKind("reasoning", "rs_", "reasoning_text", "response.reasoning_text")


@dataclass(slots=True)
class TextItem:
    """One text of the output."""

    kind: TextKind
    pieces: list[str] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    item_id: UUID = field(default_factory=uuid4)

    @property
    def id(self) -> str:
        """What it is called."""
        return f"{self.kind.prefix}{self.item_id.hex}"

    @property
    def text(self) -> str:
        """What it says so far."""
        return "".join(self.pieces)

    def part(self) -> dict[str, Any]:
        """Its only part."""
        part = {"type": self.kind.part, "text": self.text, **self.kind.of_part}
        return part | {"annotations": self.annotations} if self.kind is MESSAGE else part

    def rendered(self, *, is_open: bool = False) -> dict[str, Any]:
        """The item, without a part as long as it is open."""
        content = [] if is_open else [self.part()]
        about: dict[str, Any] = {"role": "assistant"} if self.kind is MESSAGE else {"summary": []}
        return {
            "type": self.kind.item,
            "id": self.id,
            "status": "in_progress" if is_open else "completed",
            **about,
            "content": content,
        }


@dataclass(slots=True)
class ResponseWire:
    """Sends one answer as a response; `asked` is what it repeats of the request.

    It counts its events, and keeps what it sent: the last event tells all of it again.
    """

    model: str
    answer_id: UUID = field(default_factory=uuid4)
    created: int = field(default_factory=lambda: int(time.time()))
    asked: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    site: str = ""
    sent: int = 0
    output: list[TextItem] = field(default_factory=list)
    is_open: bool = False

    def beginning(self) -> bytes:
        """What begins a stream."""
        made = self.document("in_progress", [])
        return self.event("response.created", response=made) + self.event(
            "response.in_progress", response=made
        )

    def text(self, piece: str) -> bytes:
        """A piece of the answer."""
        return self.speak(piece, MESSAGE)

    def thought(self, piece: str) -> bytes:
        """A piece of what the model thinks before it."""
        return self.speak(piece, REASONING)

    def ending(self, answer: Answer) -> bytes:
        """What ends a stream whose texts were sent."""
        frames = [] if self.has_spoken(answer) else [self.opened(MESSAGE)]
        frames += self.annotated(answer.sources.get("annotations", ()))
        frames.append(self.closed())
        calls = [rendered_call(call) for call in answer.calls]
        for place, call in enumerate(calls, len(self.output)):
            frames += self.called(call, place)
        whole = self.answered(answer, calls)
        frames.append(self.event(f"response.{whole['status']}", response=whole))
        return b"".join(frames)

    def failure(self, error: DomainError) -> bytes:
        """What ends a stream that broke down."""
        code = "server_error" if error.status >= SERVER_ERRORS else "invalid_prompt"
        told = {"code": code, "message": error.in_words()}
        output = [item.rendered() for item in self.output]
        failed = self.document("failed", output) | {"error": told}
        return self.closed() + self.event("response.failed", response=failed)

    def whole(self, answer: Answer) -> dict[str, Any]:
        """An answer that was not streamed."""
        if answer.thought:
            self.output.append(TextItem(REASONING, [answer.thought]))
        if answer.text or not answer.calls:
            self.output.append(TextItem(MESSAGE, [answer.text]))
        self.annotate(answer.sources.get("annotations", ()))
        return self.answered(answer, [rendered_call(call) for call in answer.calls])

    def answered(self, answer: Answer, calls: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The response with everything that was sent, and the calls after it."""
        output = [*(item.rendered() for item in self.output), *calls]
        reason = CUT.get(answer.finish)
        document = self.document("incomplete" if reason else "completed", output)
        cited = {name: each for name, each in answer.sources.items() if name != "annotations"}
        details = {"incomplete_details": {"reason": reason}} if reason else {}
        return {**document, **details, "usage": counts(answer.usage), **cited}

    def document(self, status: str, output: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """A response as it stands."""
        return {
            "id": f"{PREFIX}{self.answer_id.hex}",
            "object": "response",
            "created_at": self.created,
            "status": status,
            "background": False,
            "error": None,
            "incomplete_details": None,
            "model": self.model,
            "output": list(output),
            "usage": None,
            **self.asked,
            **self.extra,
        }

    def event(self, kind: str, **about: Any) -> bytes:
        """One event, numbered."""
        document = {"type": kind, "sequence_number": self.sent, **about}
        self.sent += 1
        return b"event: %s\ndata: %s\n\n" % (kind.encode(), orjson.dumps(document))

    def has_spoken(self, answer: Answer) -> bool:
        """Whether the output has something to show: a text of the answer, or calls."""
        return bool(answer.calls) or any(item.kind is MESSAGE for item in self.output)

    def speak(self, piece: str, kind: TextKind) -> bytes:
        """A piece of a text, in a new item where another kind stood before."""
        is_new = not self.is_open or self.output[-1].kind is not kind
        begun = self.closed() + self.opened(kind) if is_new else b""
        self.output[-1].pieces.append(piece)
        return begun + self.event_of_text("delta", delta=piece, **kind.of_piece)

    def opened(self, kind: TextKind) -> bytes:
        """The beginning of a text."""
        item = TextItem(kind)
        self.output.append(item)
        self.is_open = True
        added = self.event(
            "response.output_item.added",
            output_index=len(self.output) - 1,
            item=item.rendered(is_open=True),
        )
        return added + self.event_of_part("added")

    def closed(self) -> bytes:
        """The end of the text that is open, if one is."""
        if not self.is_open:
            return b""
        self.is_open = False
        item = self.output[-1]
        return b"".join(
            (
                self.event_of_text("done", text=item.text, **item.kind.of_piece),
                self.event_of_part("done"),
                self.event(
                    "response.output_item.done",
                    output_index=len(self.output) - 1,
                    item=item.rendered(),
                ),
            )
        )

    def event_of_text(self, step: str, **about: Any) -> bytes:
        """What happens to the text of the last item."""
        return self.event(f"{self.output[-1].kind.event}.{step}", **self.place(), **about)

    def event_of_part(self, step: str) -> bytes:
        """What happens to the part of the last item."""
        part = self.output[-1].part()
        return self.event(f"response.content_part.{step}", **self.place(), part=part)

    def place(self) -> dict[str, Any]:
        """Where the last text stands."""
        last = len(self.output) - 1
        return {"item_id": self.output[last].id, "output_index": last, "content_index": 0}

    def annotated(self, links: Iterable[Mapping[str, Any]]) -> list[bytes]:
        """The events of sources; those of texts that were closed are told by the last event."""
        self.annotate(links)
        return [
            self.event(
                "response.output_text.annotation.added",
                **self.place(),
                annotation_index=number,
                annotation=annotation,
            )
            for number, annotation in enumerate(self.output[-1].annotations if self.is_open else ())
        ]

    def annotate(self, links: Iterable[Mapping[str, Any]]) -> None:
        """Put sources to the texts in which their marks stand."""
        spoken = [item for item in self.output if item.kind is MESSAGE]
        starts = list(accumulate((len(item.text) for item in spoken[:-1]), initial=0))
        for link in links if spoken else ():
            cited = link["url_citation"]
            number = bisect_right(starts, cited["start_index"]) - 1
            places = {
                name: max(0, cited[name] - starts[number]) for name in ("start_index", "end_index")
            }
            spoken[number].annotations.append({"type": link["type"], **cited, **places})

    def called(self, call: dict[str, Any], place: int) -> list[bytes]:
        """The events of a call of one of the caller's own tools."""
        where = {"item_id": call["id"], "output_index": place}
        begun = {**call, "arguments": "", "status": "in_progress"}
        kind = "response.function_call_arguments"
        return [
            self.event("response.output_item.added", output_index=place, item=begun),
            self.event(f"{kind}.delta", **where, delta=call["arguments"]),
            self.event(f"{kind}.done", **where, name=call["name"], arguments=call["arguments"]),
            self.event("response.output_item.done", output_index=place, item=call),
        ]


def rendered_call(call: ToolCall) -> dict[str, Any]:
    """A call of one of the caller's own tools."""
    return {
        "type": "function_call",
        "id": f"fc_{uuid4().hex}",
        "call_id": call.id,
        "name": call.name,
        "arguments": orjson.dumps(call.arguments).decode(),
        "status": "completed",
    }


def counts(usage: Usage) -> dict[str, Any]:
    """Tokens in the words of responses; of what is not counted, nought."""
    return {
        "input_tokens": usage.tokens_in,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": usage.tokens_out,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.tokens_in + usage.tokens_out,
    }
