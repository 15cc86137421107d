"""The runs of this process: launching, keeping their leases, and stopping them from anywhere."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from chat.llm.clients import close_clients
from chat.models import Run
from chat.runs.eventlog import writers
from chat.runs.follow import readers
from chat.runs.runner import make_answer
from youworker.common.config import config
from youworker.common.db import in_vital_thread
from youworker.common.lookout import Lookout
from youworker.common.redis import close_async_redis

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.4
# A stop is promised to be effective within a second in every process.
STOP_POLL_SECONDS = 0.4


def wanted_runs(pks: Collection[UUID]) -> set[UUID]:
    """Those of the runs that nobody has stopped, by a wish or by going."""
    return set(Run.objects.wanted().filter(pk__in=pks).values_list("pk", flat=True))


def active_runs(pks: Collection[UUID]) -> set[UUID]:
    """Those of the runs that have not ended."""
    return set(Run.objects.active().filter(pk__in=pks).values_list("pk", flat=True))


# While the database cannot answer, leases decide, not we.
wanted: Lookout[UUID] = Lookout(wanted_runs, trusting=True, pause=STOP_POLL_SECONDS)
unfinished: Lookout[UUID] = Lookout(active_runs, trusting=True)


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
        """Renew leases while there are runs."""
        renewed = 0.0
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if not self.stops:
                continue
            if time.monotonic() - renewed > config.agent.lease_seconds / 4:
                renewed = time.monotonic()
                await self.renew()

    async def renew(self) -> None:
        """Extend the leases of all runs with one statement."""
        try:
            await in_vital_thread(
                Run.objects.renew, list(self.stops), seconds=config.agent.lease_seconds
            )
        except Exception:
            logger.exception("leases could not be renewed")


hosts: WeakKeyDictionary[asyncio.AbstractEventLoop, RunHost] = WeakKeyDictionary()


def run_host() -> RunHost:
    """The host of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in hosts:
        hosts[loop] = RunHost()
    return hosts[loop]


async def launch(run_id: UUID) -> asyncio.Task[None]:
    """Carry out a queued run in this process; the task ends with the run."""
    return run_host().launch(run_id)


def carried_out_here(run_id: UUID) -> bool:
    """Whether this event loop makes the answer of a run right now."""
    host = hosts.get(asyncio.get_running_loop())
    return host is not None and run_id in host.stops


async def request_stop(run_id: UUID) -> None:
    """Ask whichever process makes the answer to stop; it looks at the database."""
    host = run_host()
    if run_id in host.stops:
        host.stops[run_id].set()
    await in_vital_thread(Run.objects.filter(pk=run_id).request_stop)


async def close_runs() -> None:
    """End what runs of this event loop left behind, before the loop itself ends."""
    loop = asyncio.get_running_loop()
    host, writer, reader = hosts.pop(loop, None), writers.pop(loop, None), readers.pop(loop, None)
    tasks = [*host.tasks, host.keeper] if host else []
    tasks += [writer.task] if writer else []
    for task in filter(None, tasks):
        task.cancel()
    await asyncio.gather(*filter(None, tasks), return_exceptions=True)
    if reader is not None:
        await reader.close()
    await close_clients()
    await close_async_redis()
