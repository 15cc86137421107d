"""Reading event logs: one reader per process follows every watched run and fans out in memory.

What this process writes itself it hears from its writer, as soon as Redis has it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from redis.exceptions import RedisError

from chat.runs.log.run_log import LogUnreadable
from chat.runs.log.viewer import PAGE, Viewer
from chat.runs.log.writer import log_writer
from youworker.core.effects import Outage
from youworker.core.per_loop import PerLoop, end_task
from youworker.core.redis import async_redis, own_async_redis

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from chat.events import Event
    from chat.runs.log.run_log import Entry, RunLog

logger = logging.getLogger(__name__)

BLOCK_MS = 5000
# A read that is not answered so long after it should have been has lost its server.
LATE_SECONDS = 5
RETRY_SECONDS = 0.3


class LogReader:
    """Follows all watched logs of this event loop with a single blocking read."""

    def __init__(self) -> None:
        self.viewers: dict[bytes, set[Viewer]] = {}
        self.positions: dict[bytes, bytes] = {}
        self.wake_key = f"wake:{uuid4()}".encode()
        self.wake_position = b"0-0"
        # Whether the blocking read was told to begin again, and has not yet.
        self.woken = False
        self.task: asyncio.Task[None] | None = None
        self.outage = Outage(logger, "event logs cannot be followed; their viewers wait")
        # A blocking read must not hold up anybody else's command.
        self.redis = own_async_redis(BLOCK_MS / 1000 + LATE_SECONDS)
        self.writer = log_writer()
        self.writer.listener = self

    def add(self, viewer: Viewer) -> None:
        """Begin to deliver to `viewer` what is read of its log."""
        self.viewers.setdefault(viewer.key, set()).add(viewer)

    def own_log(self, viewer: Viewer) -> RunLog | None:
        """The log of `viewer`, if it is written here."""
        return self.writer.logs.get(viewer.run_id)

    def follows(self, viewer: Viewer) -> bool:
        """Whether the log of `viewer` is being heard or read."""
        if self.own_log(viewer) is not None:
            return True
        return self.knows(viewer) and self.task is not None and not self.task.done()

    def knows(self, viewer: Viewer) -> bool:
        """Whether the log of `viewer` is written here, or to be read from some number on."""
        return viewer.key in self.positions or self.own_log(viewer) is not None

    def hear(self, log: RunLog, page: list[Entry]) -> None:
        """Deliver what was just written here."""
        key = log.key.encode()
        viewers = list(self.viewers.get(key, ()))
        if viewers:
            # Whoever came before the run did is told by its writer from now on.
            self.positions.pop(key, None)
            offer_opened(viewers, lambda: [log.opened(entry) for entry in page])

    def hear_end(self, log: RunLog) -> None:
        """Have a log read that somebody else may go on with."""
        for viewer in self.viewers.get(log.key.encode(), ()):
            viewer.fall_behind()

    async def follow(self, viewer: Viewer) -> None:
        """Read a log from where `viewer` has come to, which is its end or before it."""
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.read_for_ever())
        if not self.knows(viewer):
            # Somebody who waits for numbers far ahead must not keep the others waiting.
            position = 0 if viewer.ahead else viewer.end
            self.positions[viewer.key] = f"{position}-0".encode()
            for other in self.viewers[viewer.key] - {viewer}:
                other.fall_behind()
            await self.wake()

    def forget(self, viewer: Viewer) -> None:
        """Stop delivering to `viewer`."""
        group = self.viewers.get(viewer.key, set())
        group.discard(viewer)
        if viewer.reading is not None:
            viewer.reading.cancel()
        if not group:
            self.viewers.pop(viewer.key, None)
            self.positions.pop(viewer.key, None)

    async def wake(self) -> None:
        """Make the blocking read begin again with the list of logs as it is then."""
        if self.woken:
            return
        self.woken = True
        try:
            pipeline = async_redis().pipeline(transaction=False)
            pipeline.xadd(self.wake_key, {"w": "1"}, maxlen=1)
            pipeline.expire(self.wake_key, 60)
            await pipeline.execute()
        except BaseException:
            self.woken = False
            raise

    async def close(self) -> None:
        """Stop reading and give the connection back."""
        if self.writer.listener is self:
            self.writer.listener = None
        await end_task(self.task)
        await self.redis.aclose()

    async def read_for_ever(self) -> None:
        """Deliver until the loop ends; Redis may come and go, and no mistake ends it."""
        while True:
            try:
                await self.read_once()
                self.outage.end()
            except Exception as error:  # noqa: BLE001 -- every viewer of the process waits here
                self.outage.begin(error)
                await asyncio.sleep(RETRY_SECONDS)
                for viewer in [each for group in self.viewers.values() for each in group]:
                    viewer.fall_behind()

    async def read_once(self) -> None:
        """Wait for entries of any log, and deliver them."""
        self.woken = False
        streams: dict[Any, Any] = {self.wake_key: self.wake_position, **self.positions}
        answer: Any = await self.redis.xread(streams, count=PAGE, block=BLOCK_MS)
        for key, rows in pairs(answer):
            if key == self.wake_key:
                self.wake_position = rows[-1][0]
            elif key in self.positions:
                self.positions[key] = rows[-1][0]
                self.deliver(list(self.viewers[key]), rows)

    def deliver(self, viewers: list[Viewer], rows: list[Any]) -> None:
        """Hand the rows of one log to everybody who watches it."""
        cipher = viewers[0].cipher
        offer_opened(viewers, lambda: [cipher.open(row) for row in rows])


def offer_opened(viewers: list[Viewer], open_events: Callable[[], list[Event]]) -> None:
    """Offer events to viewers, who read the log themselves where these cannot be opened."""
    try:
        events = open_events()
    except LogUnreadable:
        for viewer in viewers:
            viewer.fall_behind()
        return
    for viewer in viewers:
        viewer.offer(events)


def pairs(answer: Any) -> list[tuple[bytes, list[Any]]]:
    """The answer of XREAD, which is a list or, in the newer protocol, a mapping."""
    if not answer:
        return []
    if isinstance(answer, dict):
        return [
            (key, rows[0] if rows and isinstance(rows[0], list) else rows)
            for key, rows in answer.items()
        ]
    return [(key, rows) for key, rows in answer]


readers = PerLoop(LogReader, close=LogReader.close)


def log_reader() -> LogReader:
    """The reader of the running event loop."""
    return readers.get()


async def follow_log(
    run_id: UUID, *, after: int, silence: float
) -> AsyncGenerator[list[Event], None]:
    """Batches of events after number `after`; an empty batch after `silence` seconds of nothing.

    Goes on for ever, whatever becomes of Redis: the caller stops at the event `done`, or when a
    silence tells them to.
    """
    reader = log_reader()
    viewer = Viewer(run_id, after, reader)
    reader.add(viewer)
    try:
        while True:
            batch: list[Event] = []
            try:
                batch = await viewer.take(silence)
            except (RedisError, OSError):
                await asyncio.sleep(RETRY_SECONDS)
            yield batch
    finally:
        reader.forget(viewer)
