"""One question by one door, and what became of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from youworker.tests.bench.product import headers_of
from youworker.tests.bench.raw import send_request
from youworker.tests.bench.soak.log import OK
from youworker.tests.bench.sse import read_events

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from youworker.tests.bench.product import Person
    from youworker.tests.bench.raw import Answer

Address = tuple[str, int]


@dataclass(slots=True)
class Met:
    """What somebody saw; times are seconds of the monotonic clock."""

    asked: float = field(default_factory=time.monotonic)
    first: float = 0.0
    ended: float = 0.0
    text: str = ""
    # As the run tells it, or as OpenAI's clients do.
    code: str = ""
    said: str = ""
    # What was stored of it; None where nothing is.
    stored: str | None = None
    tools: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """From the question to the end."""
        return self.ended - self.asked

    def hear(self, text: str) -> None:
        """Take a piece of the answer."""
        self.first = self.first or time.monotonic()
        self.text += text

    def fail(self, error: dict[str, Any]) -> None:
        """Take why it ended."""
        self.code, self.said = error["code"], error.get("detail") or error["message"]


async def ask_agent(address: Address, person: Person, text: str) -> Met:
    """Ask the agent by `POST /v1/chat` and read the events to the end."""
    met = Met()
    body = {"text": text, "stream": True, "model": "double"}
    async with send_request(
        address, "/v1/chat", headers_of(person), body=orjson.dumps(body)
    ) as answer:
        if answer.status != OK:
            raise RuntimeError(f"the chat was answered with {answer.status}")
        async for _, kind, line in read_events(answer):
            take_event(met, kind, orjson.loads(line))
    if not met.ended:
        raise RuntimeError("the stream ended without `done`")
    return met


def take_event(met: Met, kind: bytes, data: dict[str, Any]) -> None:
    """Note what an event says."""
    if kind == b"token":
        met.hear(data["text"])
    elif kind == b"tool" and data["status"] in ("end", "error"):
        met.tools.append(data["status"])
    elif kind == b"done":
        met.ended = time.monotonic()
        met.stored = data["message"]["content"]
        if data["error"]:
            met.fail(data["error"])


async def ask_plain(address: Address, person: Person, text: str) -> Met:
    """Ask the model without the agent by OpenAI's route, as a stream."""
    met = Met()
    message = {"role": "user", "content": text}
    body = {"model": "double", "stream": True, "messages": [message]}
    async with send_request(
        address, "/v1/chat/completions", headers_of(person), body=orjson.dumps(body)
    ) as answer:
        if answer.status != OK:
            met.fail(await read_refusal(answer))
        else:
            await read_pieces(met, answer)
    met.ended = time.monotonic()
    return met


async def read_refusal(answer: Answer) -> dict[str, Any]:
    """The error in OpenAI's shape."""
    raw = await answer.reader.read()
    return dict(orjson.loads(raw[raw.index(b"{") : raw.rindex(b"}") + 1])["error"])


async def read_pieces(met: Met, answer: Answer) -> None:
    """Read a stream of OpenAI's; raises `RuntimeError` when it has no end."""
    while line := await answer.reader.readline():
        if line.startswith(b"data: [DONE]"):
            return
        if line.startswith(b"data: {"):
            piece = orjson.loads(line[6:])
            if "error" in piece:
                met.fail(piece["error"])
            elif piece["choices"] and (said := piece["choices"][0]["delta"].get("content")):
                met.hear(said)
    raise RuntimeError("the completions ended without [DONE]")


DOORS: dict[str, Callable[[Address, Person, str], Coroutine[None, None, Met]]] = {
    "agent": ask_agent,
    "plain": ask_plain,
}
