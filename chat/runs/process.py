"""The runs of this process: launching, keeping their leases, and stopping them from anywhere."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError

from chat.events import STOP_KEPT_SECONDS, stop_key
from chat.llm.clients import close_clients
from chat.models import Run
from chat.runs.eventlog import writers
from chat.runs.follow import readers
from chat.runs.runner import make_answer
from youworker.common.background import end_task
from youworker.common.config import config
from youworker.common.db import in_thread
from youworker.common.lookout import Lookout
from youworker.common.redis import async_redis, close_async_redis

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.4


def wanted_runs(pks: Collection[UUID]) -> set[UUID]:
    """Those of the runs whose users are active and whose conversations are not deleted."""
    rows = Run.objects.filter(pk__in=pks, user__is_active=True, session__deleted_at__isnull=True)
    return set(rows.values_list("pk", flat=True))


# While the database cannot answer, leases decide, not we.
wanted: Lookout[UUID] = Lookout(wanted_runs, trusting=True)


class RunHost:
    """All runs that this event loop carries out."""

    def __init__(self) -> None:
        self.stops: dict[UUID, asyncio.Event] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.keeper: asyncio.Task[None] | None = None

    def launch(self, run_id: UUID) -> asyncio.Task[None]:
        """Carry out a run, detached from whoever asked for it."""
        if self.keeper is None or self.keeper.done():
            self.keeper = asyncio.create_task(self.keep())
        stop = self.stops[run_id] = asyncio.Event()
        task = asyncio.create_task(self.carry_out(run_id, stop))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def carry_out(self, run_id: UUID, stop: asyncio.Event) -> None:
        """The outermost edge of a run: what gets here is a mistake of ours."""
        try:
            with wanted.watching(run_id, stop.set):
                await make_answer(run_id, stop)
        except Exception:
            # The lease runs out and the sweeper keeps the text.
            logger.exception("run %s broke down", run_id)
        finally:
            self.stops.pop(run_id, None)

    async def keep(self) -> None:
        """Renew leases and look for stops while there are runs."""
        renewed = 0.0
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if not self.stops:
                continue
            await self.look_for_stops()
            if time.monotonic() - renewed > config.agent.lease_seconds / 4:
                renewed = time.monotonic()
                await self.renew()

    async def renew(self) -> None:
        """Extend the leases of all runs with one statement."""
        try:
            await in_thread(Run.objects.renew, list(self.stops), seconds=config.agent.lease_seconds)
        except Exception:
            logger.exception("leases could not be renewed")

    async def look_for_stops(self) -> None:
        """Stop what somebody asked to stop in any process."""
        runs = list(self.stops)
        try:
            flags = await async_redis().mget([stop_key(run_id) for run_id in runs])
        except (RedisError, OSError):
            return
        for run_id, flag in zip(runs, flags, strict=True):
            if flag and run_id in self.stops:
                self.stops[run_id].set()


hosts: WeakKeyDictionary[asyncio.AbstractEventLoop, RunHost] = WeakKeyDictionary()


def run_host() -> RunHost:
    """The host of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in hosts:
        hosts[loop] = RunHost()
    return hosts[loop]


async def launch(run_id: UUID) -> None:
    """Carry out a queued run in this process."""
    run_host().launch(run_id)


def carried_out_here(run_id: UUID) -> bool:
    """Whether this event loop makes the answer of a run right now."""
    host = hosts.get(asyncio.get_running_loop())
    return host is not None and run_id in host.stops


async def request_stop(run_id: UUID) -> None:
    """Ask whichever process makes the answer to stop."""
    host = run_host()
    if run_id in host.stops:
        host.stops[run_id].set()
    await async_redis().set(stop_key(run_id), "1", ex=STOP_KEPT_SECONDS)


async def close_runs() -> None:
    """End what runs of this event loop left behind, before the loop itself ends."""
    loop = asyncio.get_running_loop()
    host, writer, reader = hosts.pop(loop, None), writers.pop(loop, None), readers.pop(loop, None)
    tasks = [*host.tasks] if host else []
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await end_task(host.keeper if host else None)
    if writer is not None:
        await writer.close()
    if reader is not None:
        await reader.close()
    await close_clients()
    await close_async_redis()
