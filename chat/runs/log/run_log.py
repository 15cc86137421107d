"""The event log of one run: its sealed entries, and how it is kept until Redis has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from chat.events import Event, encoded, log_key, text_said
from youworker.encryption.crypto import Undecryptable
from youworker.encryption.stream_cipher import StreamCipher

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from chat.runs.log.writer import LogWriter

# Number, type and sealed data.
Entry = tuple[int, str, bytes]


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
            return Event(seq, kind, self.open_data(seq, kind, fields[b"d"]))
        except (KeyError, ValueError) as error:
            raise LogUnreadable from error

    def open_data(self, seq: int, kind: str, sealed: bytes) -> bytes:
        """What was sealed under a number and a type; raises `LogUnreadable`."""
        try:
            return self.cipher.open(sealed, place(seq, kind))
        except Undecryptable as error:
            raise LogUnreadable from error


def place(seq: int, kind: str) -> bytes:
    """What an entry is bound to inside its log."""
    return b"%d %s" % (seq, kind.encode())


class RunLog:
    """The event log of one run as its maker sees it.

    `text` and `reasoning` cost one list append a token; everything else keeps its place among them.
    """

    def __init__(self, run_id: UUID, writer: LogWriter) -> None:
        self.run_id = run_id
        self.key = log_key(run_id)
        self.cipher = LogCipher(run_id)
        self.seq = 0
        self.kind = "token"
        self.parts: list[str] = []
        # Everything said so far, because Redis may lose it: some 200 bytes beside the text for
        # each flush, so what bounds an answer's text and time bounds this, too.
        self.entries: list[Entry] = []
        # How many of them Redis has, for how many seconds, and the last number ever sent.
        self.written = self.lifetime = self.sent = 0
        # What Redis has under our name is in the way of writing everything again.
        self.cut = False
        self.writer = writer
        self.closed = False
        self.given_up = False
        # Whether the last event was added.
        self.is_over = False
        # Asked before each write: false while the run may be somebody else's.
        self.may_write: Callable[[], bool] = lambda: True

    def text(self, piece: str) -> None:
        """Add a piece of the answer."""
        if self.kind != "token":
            self.gather()
            self.kind = "token"
        self.parts.append(piece)
        self.writer.notice(self, urgent=self.seq <= 1)

    def reasoning(self, piece: str) -> None:
        """Add a piece of what the model thinks aloud."""
        if self.kind != "reasoning":
            self.gather()
            self.kind = "reasoning"
        self.parts.append(piece)
        self.writer.notice(self, urgent=False)

    def take_back(self, text: str) -> None:
        """Tell that the last text was reasoning; what nobody has seen yet simply becomes that."""
        unseen = "".join(self.parts) if self.kind == "token" else ""
        if len(unseen) >= len(text):
            self.parts = [unseen.removesuffix(text)]
            self.reasoning(text)
        else:
            self.emit("reasoning", {"text": text, "retracts": len(text)})

    def emit(self, kind: str, data: Mapping[str, Any]) -> None:
        """Add any other event, at once."""
        self.gather()
        self.append(kind, data)
        self.writer.notice(self, urgent=True)

    def gather(self) -> None:
        """Turn the gathered pieces into an event."""
        if text := "".join(self.parts):
            self.append(self.kind, {"text": text})
        self.parts.clear()

    def append(self, kind: str, data: Mapping[str, Any]) -> None:
        """Number an event, seal it and queue it; nothing follows the end."""
        if self.is_over:
            return
        self.is_over = kind == "done"
        sealed = self.cipher.seal(Event(self.seq + 1, kind, encoded(data)))
        self.seq += 1
        self.entries.append((self.seq, kind, sealed["d"]))

    def take_over(self, rows: list[Any]) -> None:
        """Continue after the entries that another process wrote."""
        self.entries = [
            (int(identifier.split(b"-")[0]), fields[b"t"].decode(), fields[b"d"])
            for identifier, fields in rows
        ]
        self.written = len(self.entries)
        self.seq = self.sent = self.entries[-1][0] if self.entries else 0

    def written_after(self, number: int, most: int) -> list[Event]:
        """Up to so many of the events behind a number that Redis has; raises `LogUnreadable`."""
        if not self.entries:
            return []
        start = max(0, number + 1 - self.entries[0][0])
        page = self.entries[start : min(self.written, start + most)]
        return [self.opened(entry) for entry in page]

    def opened(self, entry: Entry) -> Event:
        """The event that was sealed; raises `LogUnreadable`."""
        seq, kind, sealed = entry
        return Event(seq, kind, self.cipher.open_data(seq, kind, sealed))

    def said(self) -> str:
        """The text of the answer that stands in the log; raises `LogUnreadable`."""
        texts = (
            (kind, self.cipher.open_data(seq, kind, sealed))
            for seq, kind, sealed in self.entries
            if kind in {"token", "reasoning"}
        )
        return text_said((kind, orjson.loads(data)) for kind, data in texts)

    def begin_again(self) -> None:
        """Write everything again, in place of what Redis has."""
        self.cut = True
        self.written = self.lifetime = 0

    @property
    def is_written(self) -> bool:
        """Whether Redis has taken everything."""
        return not self.parts and self.written == len(self.entries)

    def abandon(self) -> None:
        """Write nothing any more: somebody else ended the run, and its log."""
        self.closed = self.given_up = True
        self.parts.clear()
        self.entries.clear()
        self.writer.forget(self)

    async def flush(self) -> None:
        """Return when everything was written, or Redis stays away too long."""
        self.writer.notice(self, urgent=True)
        await self.writer.wait_until_written(self)

    async def close(self) -> None:
        """Write what is left, and let the log expire some time later."""
        if self.closed:
            return
        self.closed = True
        self.writer.notice(self, urgent=True)
        await self.writer.wait_until_written(self)
        self.writer.forget(self)
