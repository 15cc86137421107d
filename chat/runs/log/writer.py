"""Writing event logs: deltas are gathered, and one writer per process pipelines them all."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from redis.exceptions import RedisError, ResponseError

from chat.events import begun_key
from chat.runs.log.run_log import RunLog
from youworker.core.config import config
from youworker.core.effects import Outage
from youworker.core.per_loop import PerLoop, end_task
from youworker.core.redis import own_async_redis

if TYPE_CHECKING:
    from uuid import UUID

    from chat.runs.log.run_log import Entry

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.2
# An answer waits so long for Redis before it begins, and so long after its end.
OPEN_SECONDS = 2
DRAIN_SECONDS = 5
# Whoever looked for queued runs before this one began has told their places by then.
BEGUN_SECONDS = 60
# Between two looks whether Redis still has what it took: so long a log may stay cut.
CHECK_SECONDS = 1.0
# Deltas gather at least three times as long as it takes to write them, so that many answers at once
# make larger events instead of later ones; and never so long that readers would notice.
PAUSES = 3.0
LONGEST_PAUSE = 0.08
# Entries of one log in one pipeline; more would hold up the logs of others.
PAGE = 500
# Redis' answers to an entry whose number is not above the last one, and to a key that is no log.
TAKEN = "The ID specified in XADD"
NO_LOG = "WRONGTYPE"
# The longest a process works on a run; what is unfinished after that was left by everybody.
LONGEST_WORK_SECONDS = 86400


def unfinished_seconds() -> int:
    """How long a log is kept that nobody writes to, while its run may still go on."""
    return LONGEST_WORK_SECONDS + config.agent.approval_seconds


class NumberTaken(Exception):
    """Somebody else wrote into the log: its run was ended for us."""


class Flush:
    """What one pipeline writes of one log, and what Redis says to it."""

    def __init__(self, log: RunLog, pipeline: Any, *, check: bool) -> None:
        self.log = log
        self.page = log.entries[log.written : log.written + PAGE]
        self.sent_before = log.sent
        self.lifetime = config.agent.log_seconds if log.closed else unfinished_seconds()
        self.checked = check or log.closed
        before = len(pipeline)
        if log.cut:
            pipeline.delete(log.key)
        self.first = len(pipeline) - before
        for seq, kind, sealed in self.page:
            pipeline.xadd(log.key, {"t": kind, "d": sealed}, id=f"{seq}-0")
            log.sent = max(log.sent, seq)
        if log.entries and log.lifetime != self.lifetime:
            pipeline.expire(log.key, self.lifetime)
        if self.checked:
            pipeline.xlen(log.key)
        self.size = len(pipeline) - before

    def settle(self, answers: list[Any]) -> None:
        """Note what was written; raises what kept Redis from it."""
        for place, answer in enumerate(answers):
            if isinstance(answer, Exception):
                self.judge(place, answer)
        self.log.cut = False
        self.log.written += len(self.page)
        self.log.lifetime = self.lifetime if self.log.entries else 0
        if self.checked and answers[-1] < self.log.written:
            logger.warning("the event log of run %s was lost and is written again", self.log.run_id)
            self.log.begin_again()

    def judge(self, place: int, error: Exception) -> None:
        """Raise an error, unless it says that an attempt before this one did reach Redis."""
        if str(error).startswith(NO_LOG):
            self.log.begin_again()
        if TAKEN not in str(error):
            raise error
        if self.page[place - self.first][0] > self.sent_before:
            raise NumberTaken


class LogListener(Protocol):
    """Who is told at once what was written, instead of reading it from Redis."""

    def hear(self, log: RunLog, page: list[Entry]) -> None:
        """Take entries that Redis has now."""

    def hear_end(self, log: RunLog) -> None:
        """Note that nothing more of this log is heard here."""


class LogWriter:
    """Sends the events of all runs of this event loop, some 40 times a second at most."""

    def __init__(self) -> None:
        self.dirty: dict[UUID, RunLog] = {}
        self.logs: dict[UUID, RunLog] = {}
        self.urgent = asyncio.Event()
        self.work = asyncio.Event()
        self.idle = asyncio.Condition()
        self.task: asyncio.Task[None] | None = None
        self.outage = Outage(logger, "event logs cannot be written; they wait for Redis")
        self.shortest_pause = self.pause = config.agent.flush_ms / 1000
        self.listener: LogListener | None = None
        self.checked = 0.0
        # A client that repeats commands by itself would hide which numbers were sent before.
        self.redis = own_async_redis(DRAIN_SECONDS)

    async def open(self, run_id: UUID, *, is_new: bool = False) -> RunLog:
        """The log of a run, after what it holds already; the writer starts with the first.

        Nobody can have written about a run that `is_new`.
        """
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.write_for_ever())
        log = RunLog(run_id, self)
        # Of an answer that this process lost, and has taken up again before it noticed.
        if (former := self.logs.get(run_id)) is not None:
            former.abandon()
        self.logs[run_id] = log
        if is_new:
            return log
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                pipeline: Any = self.redis.pipeline(transaction=True)
                # From here on nobody tells its place in the queue, whatever they saw before.
                pipeline.set(begun_key(run_id), b"1", ex=BEGUN_SECONDS).xrange(log.key)
                _, rows = await pipeline.execute()
            log.take_over(rows)
        except (RedisError, OSError, KeyError, ValueError) as error:
            # A run is made without Redis, too; a log that was begun elsewhere is given up then.
            logger.warning("the event log of run %s begins anew (%s)", run_id, type(error).__name__)
        return log

    def notice(self, log: RunLog, *, urgent: bool) -> None:
        """Remember that a log has something to write."""
        if log.run_id not in self.dirty and not log.given_up:
            self.dirty[log.run_id] = log
            self.work.set()
        if urgent:
            self.urgent.set()

    async def wait_until_written(self, log: RunLog) -> None:
        """Return when everything of `log` was written, or Redis stays away too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS), self.idle:
                await self.idle.wait_for(lambda: self.dirty.get(log.run_id) is not log)

    def forget(self, log: RunLog) -> None:
        """Write nothing more of a log; one that came in its place is left alone."""
        if self.dirty.get(log.run_id) is log:
            del self.dirty[log.run_id]
        if self.logs.get(log.run_id) is not log:
            return
        del self.logs[log.run_id]
        if self.listener is not None:
            self.listener.hear_end(log)

    async def close(self) -> None:
        """Stop writing and give the connection back."""
        await end_task(self.task)
        await self.redis.aclose()

    async def write_for_ever(self) -> None:
        """Flush whenever there is something; no outage and no mistake ends it."""
        while True:
            await self.wait_for_work()
            began = time.monotonic()
            try:
                await self.flush()
                self.outage.end()
                self.pause = self.pause_after(time.monotonic() - began)
            except Exception as error:  # noqa: BLE001 -- every run of the process writes here
                self.outage.begin(error)
                await asyncio.sleep(RETRY_SECONDS)
                # Redis may have come back without what it had.
                self.checked = 0.0
                self.work.set()

    def pause_after(self, seconds: float) -> float:
        """How long deltas gather after they took so many seconds to be written."""
        return max(self.shortest_pause, min(PAUSES * seconds, LONGEST_PAUSE))

    async def wait_for_work(self) -> None:
        """Return when there is something to write or check, a little later: deltas gather."""
        # Not `wait_for`, which before Python 3.12 can swallow the cancellation that ends this.
        with suppress(TimeoutError):
            async with asyncio.timeout(CHECK_SECONDS if self.logs else None):
                await self.work.wait()
                async with asyncio.timeout(self.pause):
                    await self.urgent.wait()
        self.work.clear()
        self.urgent.clear()

    async def flush(self) -> None:
        """Write what is new in the logs; nothing is forgotten before Redis took it."""
        now = time.monotonic()
        check = now - self.checked >= CHECK_SECONDS
        waiting = list((self.logs if check else self.dirty).values())
        batch = [log for log in waiting if log.may_write()]
        if len(batch) < len(waiting):
            self.work.set()
        for log in batch:
            log.gather()
        pipeline = self.redis.pipeline(transaction=False)
        flushes = [Flush(log, pipeline, check=check) for log in batch]
        answers = iter(await pipeline.execute(raise_on_error=False))
        self.checked = now if check else self.checked
        trouble: Exception | None = None
        for flush in flushes:
            try:
                self.settle(flush, list(islice(answers, flush.size)))
            except ResponseError as error:
                trouble = error
        async with self.idle:
            self.idle.notify_all()
        if trouble is not None:
            raise trouble

    def settle(self, flush: Flush, answers: list[Any]) -> None:
        """Note what was written of a log; raises what kept Redis from it."""
        log = flush.log
        try:
            flush.settle(answers)
        except NumberTaken:
            logger.warning("the event log of run %s was ended by somebody else", log.run_id)
            log.abandon()
        if log.is_written and self.dirty.get(log.run_id) is log:
            del self.dirty[log.run_id]
        elif not log.is_written and self.logs.get(log.run_id) is log:
            self.dirty[log.run_id] = log
            self.work.set()
        if flush.page and self.listener is not None and not log.given_up:
            self.listener.hear(log, flush.page)


writers = PerLoop(LogWriter, close=LogWriter.close)


def log_writer() -> LogWriter:
    """The writer of the running event loop."""
    return writers.get()
