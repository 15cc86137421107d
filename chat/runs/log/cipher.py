"""Sealing the entries of event logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chat.events import Event
from youworker.encryption.crypto import Undecryptable
from youworker.encryption.stream_cipher import StreamCipher

if TYPE_CHECKING:
    from uuid import UUID


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
