"""Writing event logs: deltas are gathered, and one writer per process pipelines them all."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError, ResponseError

from chat.events import Event, LogCipher, encoded, log_key
from youworker.common.config import config
from youworker.common.redis import async_redis

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.2
# An unfinished log outlives every run, so that nothing stays behind for ever.
UNFINISHED_SECONDS = 86400

# The id and the sealed fields of an entry.
Entry = tuple[str, dict[Any, Any]]


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
        self.pending: list[Entry] = []
        # Everything said so far: Redis may come back empty.
        self.history: list[Entry] = []
        self.writer = writer
        self.closed = False
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

    def emit(self, kind: str, data: dict[str, Any]) -> None:
        """Add any other event, at once."""
        self.gather()
        self.append(kind, data)
        self.writer.notice(self, urgent=True)

    def gather(self) -> None:
        """Turn the gathered pieces into an event."""
        if self.parts:
            gathered = "".join(self.parts)
            self.parts.clear()
            self.append(self.kind, {"text": gathered})

    def append(self, kind: str, data: dict[str, Any]) -> None:
        """Number an event, seal it and queue it."""
        self.seq += 1
        sealed = self.cipher.seal(Event(self.seq, kind, encoded(data)))
        entry = (f"{self.seq}-0", sealed)
        self.pending.append(entry)
        self.history.append(entry)

    def abandon(self) -> None:
        """Write nothing any more: somebody else ended the run, and its log."""
        self.closed = True
        self.parts.clear()
        self.pending.clear()
        self.history.clear()
        self.writer.forget(self)

    async def close(self) -> None:
        """Write what is left, and let the log expire some time later."""
        if self.closed:
            return
        self.closed = True
        self.writer.notice(self, urgent=True)
        await self.writer.drained(self)


class LogWriter:
    """Sends the events of all runs of this event loop, some 40 times a second at most."""

    def __init__(self) -> None:
        self.dirty: dict[UUID, RunLog] = {}
        self.logs: dict[UUID, RunLog] = {}
        self.urgent = asyncio.Event()
        self.work = asyncio.Event()
        self.idle = asyncio.Condition()
        self.task: asyncio.Task[None] | None = None
        # Said once, however long it lasts.
        self.away = False
        self.pause = config.agent.flush_ms / 1000

    def open(self, run_id: UUID) -> RunLog:
        """A new log; the writer starts with the first."""
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.write_for_ever())
        log = self.logs[run_id] = RunLog(run_id, self)
        return log

    def notice(self, log: RunLog, *, urgent: bool) -> None:
        """Remember that a log has something to write."""
        if log.run_id not in self.dirty:
            self.dirty[log.run_id] = log
            self.work.set()
        if urgent:
            self.urgent.set()

    async def drained(self, log: RunLog) -> None:
        """Return when everything of `log` was written, or Redis stays away too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(5), self.idle:
                await self.idle.wait_for(lambda: log.run_id not in self.dirty)
        self.forget(log)

    def forget(self, log: RunLog) -> None:
        """Write nothing of a log any more."""
        self.dirty.pop(log.run_id, None)
        self.logs.pop(log.run_id, None)

    async def write_for_ever(self) -> None:
        """Flush whenever there is something, waiting a little so that deltas gather."""
        while True:
            await self.work.wait()
            # Not `wait_for`, which before Python 3.12 can swallow the cancellation that ends this.
            with suppress(TimeoutError):
                async with asyncio.timeout(self.pause):
                    await self.urgent.wait()
            self.work.clear()
            self.urgent.clear()
            batch = [log for log in self.dirty.values() if log.may_write()]
            if len(batch) < len(self.dirty):
                self.work.set()
            try:
                await self.flush(batch)
                self.away = False
            except (RedisError, OSError):
                await self.recover()

    async def flush(self, batch: list[RunLog]) -> None:
        """Write what these logs have; nothing is forgotten before Redis took it."""
        sent: list[tuple[RunLog, int]] = []
        pipeline = async_redis().pipeline(transaction=False)
        for log in batch:
            log.gather()
            sent.append((log, len(log.pending)))
            for identifier, sealed in log.pending:
                pipeline.xadd(log.key, sealed, id=identifier)
            seconds = config.agent.log_seconds if log.closed else UNFINISHED_SECONDS
            if log.closed or log.seq <= len(log.pending):
                pipeline.expire(log.key, seconds)
        for answer in await pipeline.execute(raise_on_error=False):
            # An id that exists was written by an attempt whose answer got lost.
            if isinstance(answer, Exception) and not isinstance(answer, ResponseError):
                raise answer
        async with self.idle:
            for log, count in sent:
                del log.pending[:count]
                if not log.pending and not log.parts:
                    self.dirty.pop(log.run_id, None)
                else:
                    self.work.set()
            self.idle.notify_all()

    async def recover(self) -> None:
        """Wait for Redis, and tell it everything again: it may have come back empty."""
        if not self.away:
            logger.warning("Redis is away; event logs wait for it")
        self.away = True
        await asyncio.sleep(RETRY_SECONDS)
        for log in list(self.logs.values()):
            log.pending = list(log.history)
            self.dirty[log.run_id] = log
        self.work.set()


writers: WeakKeyDictionary[asyncio.AbstractEventLoop, LogWriter] = WeakKeyDictionary()


def log_writer() -> LogWriter:
    """The writer of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in writers:
        writers[loop] = LogWriter()
    return writers[loop]
