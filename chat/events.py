"""What viewers of a run are told, in the words of the public contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from youworker.common.crypto import Undecryptable
from youworker.common.streamcipher import StreamCipher

if TYPE_CHECKING:
    from collections.abc import Mapping
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


def encoded(data: Mapping[str, Any]) -> bytes:
    """A payload as JSON in bytes."""
    return orjson.dumps(data)


def log_key(run_id: UUID) -> str:
    """The Redis Stream of a run."""
    return f"run:{run_id}"


class LogUnreadable(Exception):
    """An entry cannot be decrypted, so the whole log counts as lost: the database has the rest."""


class LogCipher:
    """Seals the entries of one run's log; each opens in its run, under its number and type only."""

    def __init__(self, run_id: UUID) -> None:
        self.cipher = StreamCipher("event log", str(run_id))

    def seal(self, event: Event) -> dict[Any, Any]:
        """The fields of the entry for an event."""
        sealed = self.cipher.seal(event.data, place(event.seq, event.type))
        return {"t": event.type, "d": sealed}

    def open(self, row: tuple[bytes, dict[bytes, bytes]]) -> Event:
        """The event of an entry as Redis gives it; raises `LogUnreadable`."""
        identifier, fields = row
        try:
            seq, kind = int(identifier.split(b"-", 1)[0]), fields[b"t"].decode()
            return Event(seq, kind, self.cipher.open(fields[b"d"], place(seq, kind)))
        except (Undecryptable, KeyError, ValueError) as error:
            raise LogUnreadable from error


def place(seq: int, kind: str) -> bytes:
    """What an entry is bound to inside its log."""
    return b"%d %s" % (seq, kind.encode())
