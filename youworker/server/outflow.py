"""What is sent to a client: no faster than it is read, and not for ever when it is not."""

from __future__ import annotations

import asyncio
from typing import Any

# So long a client may leave what it asked for unread; streams send a sign of life more often.
UNREAD_SECONDS = 120


class Outflow:
    """Holds an application back while its client does not read.

    The transport asks for pauses when more than 64 KiB wait for the client, and takes them back
    when all of it was read.
    """

    def __init__(self, transport: Any) -> None:
        self.transport = transport
        # Set while the client reads as fast as it is answered.
        self.free = asyncio.Event()
        self.free.set()
        self.deadline: asyncio.TimerHandle | None = None

    def pause(self) -> None:
        """Hold senders back; the transport may ask for it again and again."""
        self.free.clear()
        if self.deadline is None:
            self.abort_after(UNREAD_SECONDS)

    def resume(self) -> None:
        """Let senders go on."""
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None
        self.free.set()

    def abort_after(self, seconds: float) -> None:
        """Cut the connection off unless everything was read by then."""
        if self.deadline is not None:
            self.deadline.cancel()
        loop = asyncio.get_running_loop()
        self.deadline = loop.call_later(seconds, self.transport.abortConnection)
