"""A run's events as one viewer saw them, over one connection or several."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from youworker.tests.bench.raw import send_request
from youworker.tests.bench.soak.ledger import LoadFault
from youworker.tests.bench.sse import read_events
from youworker.tests.bench.websocket import open_socket

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from youworker.tests.bench.raw import Answer
    from youworker.tests.bench.websocket import Socket

OK = 200
# Small enough that an answer does not fit into what lies between server and viewer.
SLOW_BUFFER = 16 * 1024


@dataclass(slots=True)
class SeenLog:
    """What a viewer was told; `faults` says what was wrong with it."""

    run_id: str
    position: int = 0
    pieces: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    done: dict[str, Any] | None = None
    broken: list[str] = field(default_factory=list)

    def take(self, number: int, kind: str, data: dict[str, Any]) -> None:
        """Note one event."""
        if self.done is not None:
            self.broken.append(f"`{kind}` came after `done`")
        if number != self.position + 1:
            self.broken.append(f"event {number} came after event {self.position}")
        self.position = number
        self.kinds.add(kind)
        if kind == "token":
            self.pieces.append(data["text"])
        elif kind == "done":
            self.done = data

    @property
    def text(self) -> str:
        """The tokens, joined."""
        return "".join(self.pieces)

    def faults(self) -> list[str]:
        """What is wrong with a log that was seen from its beginning to its end."""
        if self.done is None:
            return [*self.broken, "the log ended without `done`"]
        message = self.done.get("message")
        if message is None or message["content"] != self.text:
            return [*self.broken, "the joined tokens are not the answer in `done`"]
        return self.broken


async def view_events(
    address: tuple[str, int], key: str, seen: SeenLog, *, receive_buffer: int = 0
) -> AsyncGenerator[SeenLog, None]:
    """Watch a run by SSE from the event after the last one seen; a step for each event.

    Raises `LoadFault` when the answer is not a stream.
    """
    headers = {"Authorization": f"Bearer {key}", "Last-Event-ID": str(seen.position)}
    path = f"/v1/runs/{seen.run_id}/events"
    async with send_request(address, path, headers, receive_buffer=receive_buffer) as answer:
        if answer.status != OK:
            raise LoadFault(f"viewer: answered with {answer.status}", path)
        async with aclosing(follow_answer(answer, seen)) as steps:
            async for step in steps:
                yield step


async def follow_answer(answer: Answer, seen: SeenLog) -> AsyncGenerator[SeenLog, None]:
    """Note the events of a stream; a step for each."""
    async with aclosing(read_events(answer)) as events:
        async for number, kind, data in events:
            seen.take(number, kind.decode(), orjson.loads(data))
            yield seen


async def view_by_socket(
    address: tuple[str, int], key: str, session_id: str, seen: SeenLog
) -> AsyncGenerator[SeenLog, None]:
    """Watch a run over a WebSocket from the event after the last one seen, up to `done`."""
    async with open_socket(address, f"/ws/chat/{session_id}", key) as socket:
        await socket.send({"type": "resume", "run_id": seen.run_id, "after": seen.position})
        while seen.done is None and (event := await next_event(socket)) is not None:
            if event["run_id"] == seen.run_id:
                seen.take(event["seq"], event["type"], event)
                yield seen


async def next_event(socket: Socket) -> dict[str, Any] | None:
    """Wait for the next event of a run; None when the socket was closed.

    Raises `LoadFault` for an error frame.
    """
    while (frame := await socket.receive()) is not None:
        if frame["type"] == "error":
            raise LoadFault(f"socket: error {frame['code']}", str(frame.get("detail")))
        if "seq" in frame:
            return frame
    return None
