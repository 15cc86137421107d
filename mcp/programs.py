"""What programs write: no line without end, and no log of every line that is no message."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import anyio
from anyio.streams.text import TextReceiveStream

from mcp.client import stdio
from youworker.core.config import config

if TYPE_CHECKING:
    from logging import LogRecord

# Of one message; the same as of an HTTP body.
LARGEST_LINE = 16 * 1024 * 1024
# Framing and escaping make an answer longer than the text in it.
WIRE_FACTOR = 8
SILENT_SECONDS = 60.0


class BoundedLines(TextReceiveStream):
    """The output of a program; a line that is too long ends the connection.

    The SDK keeps what it reads until a line ends, however long that takes.
    """

    _length = 0

    async def receive(self) -> str:
        """The next piece; raises `BrokenResourceError` in a line that does not end."""
        piece = await super().receive()
        end = piece.rfind("\n")
        self._length = len(piece) - end - 1 if end >= 0 else self._length + len(piece)
        if self._length > max(LARGEST_LINE, config.mcp.result_bytes * WIRE_FACTOR):
            raise anyio.BrokenResourceError
        return piece


class SeldomFilter(logging.Filter):
    """Lets a message through once a minute: the SDK logs a traceback for each line of nonsense."""

    def __init__(self) -> None:
        super().__init__()
        self.logged_at: dict[str, float] = {}

    def filter(self, record: LogRecord) -> bool:
        """Whether this kind of message was silent for a while."""
        now, kind = time.monotonic(), str(record.msg)
        if now - self.logged_at.get(kind, -SILENT_SECONDS) < SILENT_SECONDS:
            return False
        self.logged_at[kind] = now
        # What the line said is in the traceback, and may be anything.
        record.exc_info = None
        return True


def install_limits() -> None:
    """Let the SDK read programs within limits; it has no place for that."""
    stdio.TextReceiveStream = BoundedLines  # type: ignore[attr-defined]
    seldom = SeldomFilter()
    for name in ("mcp.client.stdio", "mcp.client.streamable_http", "mcp.shared.jsonrpc_dispatcher"):
        logging.getLogger(name).addFilter(seldom)
