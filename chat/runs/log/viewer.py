"""One reader's place in one event log: what comes next, from whoever brings it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Any

from chat.events import log_key
from chat.runs.log.run_log import LogCipher, LogUnreadable
from youworker.core.per_loop import forget_outcome
from youworker.core.redis import async_redis

if TYPE_CHECKING:
    from uuid import UUID

    from chat.events import Event
    from chat.runs.log.reader import LogReader

logger = logging.getLogger(__name__)

# So long a viewer waits for Redis before it counts as silent: transports are given a sign of
# life between the third time and the fourth, and want one every 15 seconds.
ANSWER_SECONDS = 4
# Entries of one read.
PAGE = 500
# A viewer that is this far behind reads the log itself again instead of filling our memory.
LONGEST_QUEUE = 2000


class Viewer:
    """One reader's place in one log.

    Numbers have no gaps, so the queue is filled only with the numbers that come next. Any other
    number means that something was missed, and that the log is to be read again.
    """

    def __init__(self, run_id: UUID, after: int, reader: LogReader) -> None:
        self.run_id = run_id
        self.key = log_key(run_id).encode()
        self.cipher = LogCipher(run_id)
        self.reader = reader
        # The last number that was handed out; the queue begins with the next one.
        self.position = after
        self.queue: deque[Event] = deque()
        self.behind = True
        # The log ended before our position when it was read last.
        self.ahead = False
        self.broken = False
        self.news = asyncio.Event()
        self.reading: asyncio.Task[None] | None = None

    @property
    def end(self) -> int:
        """The last number that was handed out or is queued."""
        return self.queue[-1].seq if self.queue else self.position

    def offer(self, events: list[Event]) -> None:
        """Take live events, or note that some were missed."""
        following = self.end + 1
        for event in events:
            if event.seq == following and len(self.queue) < LONGEST_QUEUE:
                self.queue.append(event)
                following += 1
                self.news.set()
            elif event.seq >= following:
                self.fall_behind()

    def fall_behind(self) -> None:
        """Read the log before anything else."""
        self.behind = True
        self.news.set()

    async def take(self, patience: float) -> list[Event]:
        """The next events in order; an empty list after `patience` seconds without any.

        A log with a gap or damage is silent until it is whole again.
        """
        try:
            await self.fill_queue(patience)
        except LogUnreadable:
            self.note_damage()
            await asyncio.sleep(patience)
        events = list(self.queue)
        self.queue.clear()
        if events:
            self.position = events[-1].seq
        return events

    async def fill_queue(self, patience: float) -> None:
        """Return when there are events, or none came for some time."""
        while not self.queue:
            if self.reading is None and (self.behind or not self.reader.follows(self)):
                self.reading = asyncio.create_task(self.catch_up())
                # A viewer that leaves does not ask how it went.
                forget_outcome(self.reading)
            heard = self.hear_reading() if self.reading else self.hear_news(patience)
            if not await heard:
                return

    async def hear_reading(self) -> bool:
        """Wait for what is read of the log; false while it takes long.

        It is left to go on then: where everything is slow, beginning again would never end.
        """
        reading = self.reading
        if reading is None or not (await asyncio.wait({reading}, timeout=ANSWER_SECONDS))[0]:
            return False
        self.reading = None
        reading.result()
        return True

    async def hear_news(self, patience: float) -> bool:
        """Wait for what the reader brings; false after `patience` seconds of nothing."""
        self.news.clear()
        try:
            async with asyncio.timeout(patience):
                await self.news.wait()
        except TimeoutError:
            # Whatever was missed, and why ever, is found within one silence.
            self.behind = True
            return False
        return True

    async def catch_up(self) -> None:
        """Read what the log has, and have it followed from its end; a new one from its start."""
        if self.position == 0 and not self.queue and not self.reader.knows(self):
            self.behind = False
        if self.behind:
            try:
                await self.read_log()
            except BaseException:
                self.behind = True
                raise
        if not self.behind and not self.reader.follows(self):
            await self.reader.follow(self)

    async def read_log(self) -> None:
        """Queue up to a page of what comes next; raises `LogUnreadable` for a gap."""
        # Before the read: what is offered meanwhile and does not fit asks for another one.
        self.behind = False
        start = self.position
        own = self.reader.own_log(self)
        if own is not None:
            opened = own.written_after(start, PAGE)
        else:
            opened = await self.read_entries(start)
        found = following(opened, start)
        self.behind = self.behind or len(opened) >= PAGE - 1
        self.broken = False
        # Some of it may have come live and been handed out meanwhile. What is left begins where
        # the queue begins, so the longer one holds the other.
        left = [event for event in found if event.seq > self.position]
        if len(left) > len(self.queue):
            self.queue = deque(left)

    async def read_entries(self, start: int) -> list[Event]:
        """What Redis has behind a number; notes whether its log reaches that far."""
        # With the entry at our position, which shows that it does.
        rows: Any = await async_redis().xrange(self.key, min=f"{start}-0", count=PAGE)
        later = rows[1:] if start and rows and rows[0][0] == b"%d-0" % start else rows
        opened = [self.cipher.open(row) for row in later]
        self.ahead = start > 0 and not rows
        return opened

    def note_damage(self) -> None:
        """Log once that this log cannot be read any further."""
        if not self.broken:
            self.broken = True
            logger.warning("the event log of run %s has a gap or damage", self.run_id)


def following(events: list[Event], start: int) -> list[Event]:
    """Those that come after number `start` without a gap; raises `LogUnreadable` for none."""
    found = [event for seq, event in enumerate(events, start + 1) if event.seq == seq]
    if events and not found:
        raise LogUnreadable
    return found
