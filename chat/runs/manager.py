"""The runs of this process: taking them up, keeping their leases, stopping them from anywhere."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from asgiref.sync import async_to_sync
from redis.exceptions import RedisError

from chat.models import Run
from chat.runs import store
from chat.runs.executor import LAST_SECONDS, execute_run
from chat.runs.inputs import load_input
from chat.runs.leases import LeaseLost, RunLease, write_to_database
from chat.runs.places import PlaceTeller
from chat.runs.queue import CHANNEL, claim_queued, claim_run
from chat.runs.store import internal_sentence
from chat.runs.sweeper import append_end, release_run, stop_run
from chat.runs.upkeep import Upkeep
from youworker.core.config import config
from youworker.core.db import run_in_thread, run_in_vital_thread
from youworker.core.effects import Outage
from youworker.core.leases import elapsed_seconds
from youworker.core.per_loop import PerLoop, Stage, end_task
from youworker.core.realtime.revocation import RevocationPoller
from youworker.core.redis import own_async_redis

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from chat.services import AcceptedMessage

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.4
# Between two looks for queued runs that nobody announced.
TAKE_SECONDS = 1.0
# So many are taken up at one look, so that processes which start together share what waits.
TAKEN_AT_ONCE = 20
# Redis is asked for news again so often, and given up as lost so long after that.
LISTEN_SECONDS, LATE_SECONDS = 5.0, 5.0
RETRY_SECONDS = 1.0
# Between two looks whether the last answers have ended.
DRAIN_LOOK_SECONDS = 0.1
# A stop is promised to be effective within a second in every process.
STOP_POLL_SECONDS = 0.4

# The last event of a run that ended in this process.
RunTask = asyncio.Task[dict[str, Any] | None]


def wanted_runs(pks: Collection[UUID]) -> set[UUID]:
    """Those of the runs that nobody has stopped, by a wish or by going."""
    return set(Run.objects.wanted().filter(pk__in=pks).values_list("pk", flat=True))


def working_runs(pks: Collection[UUID]) -> set[UUID]:
    """Those of the runs that neither have ended nor wait for a decision."""
    return set(Run.objects.working().filter(pk__in=pks).values_list("pk", flat=True))


# While the database cannot answer, leases decide, not we.
wanted: RevocationPoller[UUID] = RevocationPoller(
    wanted_runs, trusting=True, pause=STOP_POLL_SECONDS
)
unfinished: RevocationPoller[UUID] = RevocationPoller(working_runs, trusting=True)


class RunManager:
    """All runs that this event loop carries out."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.stops: dict[UUID, asyncio.Event] = {}
        self.leases: dict[UUID, RunLease] = {}
        self.running: dict[UUID, RunTask] = {}
        self.keeper: asyncio.Task[None] | None = None
        self.taker: asyncio.Task[None] | None = None
        self.listener: asyncio.Task[None] | None = None
        self.outage = Outage(logger, "queued runs cannot be looked for")
        self.silence = Outage(logger, "queued runs are not announced, they are looked for")
        self.blindness = Outage(logger, "leases cannot be renewed")
        # Places of runs that are about to be accepted; requests ask for them in their threads.
        self.promised = 0
        self.places = threading.Lock()
        # Whether the process is to end: what is asked from now on is for others.
        self.draining = False
        self.news = asyncio.Event()
        self.places_told = PlaceTeller()
        self.upkeep = Upkeep()
        # Of the look at queued runs that nobody heard the answer of, so that it can be repeated.
        self.look: RunLease | None = None

    def serve(self) -> None:
        """Take up queued runs from now on, whoever has queued them."""
        global serving  # noqa: PLW0603 -- one per process: requests find it from their threads
        serving = self
        if self.taker is None or self.taker.done():
            # Of those that ended before this process began somebody may wait.
            self.news.set()
            self.taker = asyncio.create_task(self.take_regularly())
            self.listener = asyncio.create_task(self.listen())

    @property
    def tasks(self) -> list[RunTask]:
        """The runs that are carried out."""
        return list(self.running.values())

    def room(self) -> int:
        """How many more runs this process has room for."""
        if self.draining:
            return 0
        return config.agent.runs_per_process - len(self.stops) - self.promised

    def promise(self) -> RunLease | None:
        """Keep a place for a run that is about to be accepted; None when there is none."""
        with self.places:
            if self.room() <= 0:
                return None
            self.promised += 1
            return RunLease()

    def settle(self) -> None:
        """Give back the place of a promise, when its run has one or was not accepted."""
        with self.places:
            self.promised -= 1

    async def take_regularly(self) -> None:
        """Take up queued runs as long as there is room for them; tell the others their places."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(TAKE_SECONDS):
                    await self.news.wait()
            self.news.clear()
            try:
                await self.take_queued()
                await run_in_thread(self.places_told.tell)
                await run_in_thread(self.upkeep.carry_out)
                self.outage.end()
            except Exception as error:  # noqa: BLE001 -- it is tried again
                self.outage.begin(error)

    async def take_queued(self) -> None:
        """Take up the runs whose turn it is."""
        limit = min(self.room(), TAKEN_AT_ONCE)
        if limit <= 0:
            return
        look = self.look = self.look or RunLease()
        seconds = config.agent.lease_seconds
        ids = await run_in_vital_thread(claim_queued, look.token, limit, seconds=seconds)
        self.look = None
        for run_id in ids:
            lease = RunLease(look.token)
            lease.asked_at = look.asked_at
            self.begin(run_id, lease)
        if len(ids) == TAKEN_AT_ONCE:
            self.news.set()

    async def listen(self) -> None:
        """Look for queued runs as soon as they are announced."""
        redis = own_async_redis(LISTEN_SECONDS + LATE_SECONDS)
        try:
            while True:
                try:
                    async with redis.pubsub() as channel:
                        await channel.subscribe(CHANNEL)
                        self.silence.end()
                        while True:
                            if await channel.get_message(timeout=LISTEN_SECONDS):
                                self.news.set()
                except (RedisError, OSError) as error:
                    self.silence.begin(error)
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            await redis.aclose()

    def launch(self, run_id: UUID) -> RunTask:
        """Carry out a queued run, detached from whoever asked for it; without room it waits."""
        if run_id in self.stops or self.room() <= 0:
            return asyncio.create_task(do_nothing())
        return self.begin(run_id, RunLease(), claim=True)

    def begin(
        self, run_id: UUID, lease: RunLease, *, run: Run | None = None, claim: bool = False
    ) -> RunTask:
        """Carry out a run that is ours, or with `claim` that is to be claimed first.

        A `run` that was just accepted is not read again.
        """
        if self.keeper is None or self.keeper.done():
            self.keeper = asyncio.create_task(self.keep())
        stop = self.stops[run_id] = asyncio.Event()
        if not claim:
            self.leases[run_id] = lease
        task = asyncio.create_task(self.execute(run_id, lease, stop, run, is_queued=claim))
        self.running[run_id] = task
        task.add_done_callback(partial(self.forget, run_id))
        return task

    def forget(self, run_id: UUID, task: RunTask) -> None:
        """Note that a task has ended."""
        if self.running.get(run_id) is task:
            del self.running[run_id]

    def begin_promised(self, run: Run, lease: RunLease) -> None:
        """Carry out a run that was just accepted under a promise."""
        self.begin(run.pk, lease, run=run)
        self.settle()

    async def execute(
        self,
        run_id: UUID,
        lease: RunLease,
        stop: asyncio.Event,
        run: Run | None,
        *,
        is_queued: bool,
    ) -> dict[str, Any] | None:
        """The outermost edge of a run: what gets here is a mistake of ours."""
        seconds = config.agent.lease_seconds
        try:
            if is_queued:
                if not await write_to_database(
                    lease, claim_run, run_id, lease.token, seconds=seconds
                ):
                    return None
                self.leases[run_id] = lease
            with wanted.watching(run_id, stop.set):
                run_input = await load_input(run_id, lease, run)
                if run_input is None:
                    return None
                return await execute_run(run_input, lease, stop)
        except LeaseLost:
            return None
        except asyncio.CancelledError:
            await self.release_run(run_id, lease)
            raise
        except Exception:
            logger.exception("run %s broke down", run_id)
            await self.end_broken(run_id, lease)
            return None
        finally:
            if self.room() <= 0:
                self.news.set()
            # Another task of this process may have it since: whoever was late forgets only itself.
            if self.stops.get(run_id) is stop:
                del self.stops[run_id]
                self.leases.pop(run_id, None)

    async def release_run(self, run_id: UUID, lease: RunLease) -> None:
        """Leave a run to others that the process ended before it was begun; its lease is last."""
        try:
            async with asyncio.timeout(LAST_SECONDS):
                await run_in_vital_thread(release_run, run_id, lease.token)
        except Exception:
            logger.exception("run %s is left to the sweeper", run_id)

    async def end_broken(self, run_id: UUID, lease: RunLease) -> None:
        """End a run that broke down, with what was saved of it; the sweeper is the last resort."""
        try:
            ended = await write_to_database(
                lease, store.fail_run, run_id, lease.token, internal_sentence()
            )
            if ended:
                await write_to_database(lease, append_end, run_id)
        except LeaseLost:
            return
        except Exception:
            logger.exception("run %s is left to the sweeper", run_id)

    async def keep(self) -> None:
        """Look after the leases while there are runs."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if self.stops:
                await self.renew_leases()

    async def renew_leases(self) -> None:
        """Extend the leases of all runs once a quarter of one is over; note which are lost."""
        leases, asked_at = dict(self.leases), elapsed_seconds()
        oldest = min((lease.asked_at for lease in leases.values()), default=asked_at)
        seconds = config.agent.lease_seconds
        if asked_at - oldest < seconds / 4:
            return
        tokens = {run_id: lease.token for run_id, lease in leases.items()}
        try:
            held = await run_in_vital_thread(Run.objects.renew_held, tokens, seconds=seconds)
        except Exception as error:  # noqa: BLE001 -- it is tried again
            self.blindness.begin(error)
            return
        self.blindness.end()
        for run_id, lease in leases.items():
            if run_id in held:
                lease.confirm(asked_at)
            else:
                lease.lose()

    async def drain(self, seconds: float) -> None:
        """Take up nothing more, and wait until the runs have ended, but not longer than this.

        Questions that still arrive are queued for the other processes.
        """
        self.draining = True
        until = self.loop.time() + seconds
        while (self.running or self.promised > 0) and self.loop.time() < until:  # noqa: ASYNC110
            await asyncio.sleep(DRAIN_LOOK_SECONDS)

    async def close(self) -> None:
        """Cancel all runs and wait until they are stored."""
        global serving  # noqa: PLW0603 -- see `serve`
        if serving is self:
            serving = None
        # Before the runs are given up, lest they are taken up here again.
        await end_task(self.taker)
        await end_task(self.listener)
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await end_task(self.keeper)


async def do_nothing() -> None:
    """Stand in for the task of a run that is not carried out here."""


# The manager of the event loop that serves this process' requests; none in tests and commands.
# A manager sets it when it begins to serve, so it is read as `manager.serving`, never imported.
serving: RunManager | None = None
run_managers = PerLoop(RunManager, close=RunManager.close, stage=Stage.WORK)


def run_manager() -> RunManager:
    """The manager of the running event loop."""
    return run_managers.get()


async def serve_runs() -> None:
    """Take up queued runs in the running event loop from now on."""
    run_manager().serve()


async def drain_runs(seconds: float) -> None:
    """Let the runs of the running event loop end by themselves, within this time."""
    await run_manager().drain(seconds)


class Posting(Protocol):
    """What stores a question with a run, which begins under the lease if there is one."""

    def __call__(self, *, lease: RunLease | None) -> AcceptedMessage:
        """Store the question."""


def accept(
    post: Posting, *, manager: RunManager | None = None, launches: bool = True
) -> AcceptedMessage:
    """Accept a question in a thread, and have its run carried out at once.

    That does `manager`, or else the one that serves this process. Without room, here or at its
    model server, the run waits for its turn. Without any manager it is queued and, if it
    `launches`, taken up by the event loop of the caller.
    """
    manager = manager or serving
    if manager is None:
        posted = post(lease=None)
        if posted.is_new and launches:
            async_to_sync(launch)(posted.run_id)
        return posted
    lease = manager.promise()
    try:
        posted = post(lease=lease)
    except BaseException:
        if lease is not None:
            manager.settle()
        raise
    if lease is not None:
        if posted.claimed is None:
            manager.settle()
        else:
            manager.loop.call_soon_threadsafe(manager.begin_promised, posted.claimed, lease)
    return posted


async def launch(run_id: UUID) -> RunTask:
    """Carry out a queued run in this process; the task ends with the run."""
    return run_manager().launch(run_id)


def running_task(run_id: UUID) -> RunTask | None:
    """The task of a run of this event loop."""
    return run_manager().running.get(run_id)


def is_running_here(run_id: UUID) -> bool:
    """Whether this event loop makes the answer of a run right now."""
    return run_id in run_manager().stops


async def request_stop(run_id: UUID) -> None:
    """End a run that no process holds; ask the process that makes the answer to stop otherwise."""
    manager = run_manager()
    if run_id in manager.stops:
        manager.stops[run_id].set()
    await run_in_vital_thread(stop_run, run_id)
