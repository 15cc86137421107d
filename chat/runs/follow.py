"""Reading event logs: one reader per process follows every watched run and fans out in memory."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

import redis.asyncio
from django.conf import settings
from redis.exceptions import RedisError

from chat.events import Event, LogCipher, LogUnreadable, log_key
from youworker.common.redis import async_redis

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

logger = logging.getLogger(__name__)

BLOCK_MS = 5000
RETRY_SECONDS = 0.3
PAGE = 500
# A viewer that is this far behind reads the log itself again instead of filling our memory.
LONGEST_QUEUE = 2000


class Viewer:
    """One reader's place in one log."""

    def __init__(self, run_id: UUID, after: int) -> None:
        self.run_id = run_id
        self.key = log_key(run_id).encode()
        self.cipher = LogCipher(run_id)
        self.position = after
        self.queue: deque[Event] = deque()
        self.behind = True
        self.lost = False
        self.news = asyncio.Event()

    def lose(self) -> None:
        """Give the log up: its entries cannot be decrypted."""
        self.lost = True
        self.queue.clear()
        self.news.set()

    def offer(self, event: Event) -> None:
        """Take an event, or note that some were missed."""
        if len(self.queue) >= LONGEST_QUEUE:
            self.queue.clear()
            self.behind = True
        if not self.behind:
            self.queue.append(event)
        self.news.set()

    async def catch_up(self) -> list[Event]:
        """Up to a page of events that are in the log and were not seen yet."""
        rows: Any = await async_redis().xrange(
            self.key, min=f"({self.position}-0", max="+", count=PAGE
        )
        self.behind = len(rows) == PAGE
        return [self.cipher.open(row) for row in rows]

    async def take(self, patience: float) -> list[Event]:
        """The next events in order; an empty list after `patience` seconds of silence.

        An unreadable log is silent from then on; the first time that is told at once.
        """
        if self.lost:
            await asyncio.sleep(patience)
            return []
        if not self.queue and not self.behind:
            try:
                async with asyncio.timeout(patience):
                    await self.news.wait()
            except TimeoutError:
                return []
        self.news.clear()
        if self.behind:
            self.queue.clear()
            try:
                found = await self.catch_up()
            except LogUnreadable:
                self.lose()
                return []
        else:
            found = list(self.queue)
            self.queue.clear()
        fresh = [event for event in found if event.seq > self.position]
        if fresh:
            self.position = fresh[-1].seq
        return fresh


class LogReader:
    """Follows all watched logs of this event loop with a single blocking read."""

    def __init__(self) -> None:
        self.viewers: dict[bytes, set[Viewer]] = {}
        self.positions: dict[bytes, bytes] = {}
        self.wake_key = f"wake:{uuid4()}".encode()
        self.task: asyncio.Task[None] | None = None
        # Its own connection: a blocking read must not hold up anybody else's command.
        self.redis = redis.asyncio.Redis.from_url(settings.REDIS_URL)

    async def watch(self, viewer: Viewer) -> None:
        """Begin to deliver to `viewer`; it starts with reading what is there already."""
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.read_for_ever())
        known = viewer.key in self.viewers
        self.viewers.setdefault(viewer.key, set()).add(viewer)
        if not known:
            self.positions[viewer.key] = f"{viewer.position}-0".encode()
            await self.wake()

    def forget(self, viewer: Viewer) -> None:
        """Stop delivering to `viewer`."""
        group = self.viewers.get(viewer.key, set())
        group.discard(viewer)
        if not group:
            self.viewers.pop(viewer.key, None)
            self.positions.pop(viewer.key, None)

    async def wake(self) -> None:
        """Make the blocking read begin again with the new list of logs."""
        pipeline = async_redis().pipeline(transaction=False)
        pipeline.xadd(self.wake_key, {"w": "1"}, maxlen=1)
        pipeline.expire(self.wake_key, 60)
        await pipeline.execute()

    async def close(self) -> None:
        """Stop reading and give the connection back."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        await self.redis.aclose()

    async def read_for_ever(self) -> None:
        """Deliver until the loop ends; Redis may come and go."""
        wake_position = b"0-0"
        while True:
            streams: dict[Any, Any] = {self.wake_key: wake_position, **self.positions}
            try:
                answer: Any = await self.redis.xread(streams, count=PAGE, block=BLOCK_MS)
            except (RedisError, OSError):
                await asyncio.sleep(RETRY_SECONDS)
                self.everybody_behind()
                continue
            for key, rows in pairs(answer):
                if key == self.wake_key:
                    wake_position = rows[-1][0]
                else:
                    self.deliver(key, rows)

    def deliver(self, key: bytes, rows: list[Any]) -> None:
        """Hand the rows of one log to everybody who watches it."""
        if key not in self.positions:
            return
        self.positions[key] = rows[-1][0]
        group = [viewer for viewer in self.viewers.get(key, ()) if not viewer.lost]
        if not group:
            return
        try:
            events = [group[0].cipher.open(row) for row in rows]
        except LogUnreadable:
            logger.warning("the event log %s cannot be decrypted", key.decode())
            for viewer in group:
                viewer.lose()
            return
        for viewer in group:
            for event in events:
                viewer.offer(event)

    def everybody_behind(self) -> None:
        """After trouble each viewer reads the log itself once."""
        for group in self.viewers.values():
            for viewer in group:
                viewer.behind = True
                viewer.news.set()


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


readers: WeakKeyDictionary[asyncio.AbstractEventLoop, LogReader] = WeakKeyDictionary()


def log_reader() -> LogReader:
    """The reader of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in readers:
        readers[loop] = LogReader()
    return readers[loop]


async def follow_log(
    run_id: UUID, *, after: int, silence: float
) -> AsyncGenerator[list[Event], None]:
    """Batches of events after number `after`; an empty batch after `silence` seconds of nothing.

    Goes on for ever: the caller stops at the event `done`, or when a silence tells him to.
    """
    viewer, reader = Viewer(run_id, after), log_reader()
    try:
        await reader.watch(viewer)
        while True:
            try:
                yield await viewer.take(silence)
            except (RedisError, OSError):
                await asyncio.sleep(RETRY_SECONDS)
                yield []
    finally:
        reader.forget(viewer)
