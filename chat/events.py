"""What viewers of a run are told, in the words of the public contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class Event:
    """One numbered entry of a run's log; `data` is a JSON object in bytes."""

    seq: int
    type: str
    data: bytes

    def as_sse(self) -> bytes:
        """The event as a server-sent one."""
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (self.seq, self.type.encode(), self.data)

    def as_frame(self, run_id: UUID) -> str:
        """The event as a WebSocket frame: the same JSON with type, run and number."""
        head = f'{{"type":"{self.type}","run_id":"{run_id}","seq":{self.seq}'
        body = self.data[1:].decode()
        return f"{head}{'' if body == '}' else ','}{body}"


def encoded(data: Mapping[str, Any] | Sequence[Any]) -> bytes:
    """A payload as JSON in bytes."""
    return orjson.dumps(data)


def text_said(events: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """The text of an answer as its events, each a type with its data, left it."""
    said: list[str] = []
    for kind, data in events:
        if kind == "token":
            said.append(data.get("text", ""))
        elif kind == "reasoning" and (taken_back := data.get("retracts")):
            said = ["".join(said)[:-taken_back]]
    return "".join(said)


def log_key(run_id: UUID) -> str:
    """The Redis Stream of a run."""
    return f"run:{run_id}"


def begun_key(run_id: UUID) -> str:
    """What is in Redis once a process writes the log of a run that was queued."""
    return f"run:{run_id}:begun"
