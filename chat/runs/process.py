"""The runs of this process: taking them up, keeping their leases, stopping them from anywhere."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from chat.models import HANDOVER_SECONDS, Run
from chat.runs import records
from chat.runs.leases import LeaseLost, RunLease, persist
from chat.runs.outcomes import internal_sentence
from chat.runs.recovery import append_end, stop_idle_run
from chat.runs.runner import make_answer
from youworker.common.background import end_task
from youworker.common.config import config
from youworker.common.db import in_vital_thread
from youworker.common.leases import elapsed_seconds
from youworker.common.outages import Outage
from youworker.common.per_loop import PerLoop, Stage, close_all
from youworker.common.revocation import RevocationPoller

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.4
# Between two looks for queued runs that nobody has taken up.
TAKE_SECONDS = 1.0
# So many are taken up at one look, so that processes which start together share what waits.
TAKEN_AT_ONCE = 20
# A stop is promised to be effective within a second in every process.
STOP_POLL_SECONDS = 0.4


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


class RunHost:
    """All runs that this event loop carries out."""

    def __init__(self) -> None:
        self.stops: dict[UUID, asyncio.Event] = {}
        self.leases: dict[UUID, RunLease] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.keeper: asyncio.Task[None] | None = None
        self.taker: asyncio.Task[None] | None = None
        self.outage = Outage(logger, "queued runs cannot be looked for")
        # Whether the last attempt to renew leases failed.
        self.is_blind = False

    def serve(self) -> None:
        """Take up queued runs from now on, whoever has queued them."""
        if self.taker is None or self.taker.done():
            self.taker = asyncio.create_task(self.take_regularly())

    async def take_regularly(self) -> None:
        """Take up queued runs as long as there is room for them."""
        while True:
            await asyncio.sleep(TAKE_SECONDS)
            try:
                await self.take_queued()
                self.outage.end()
            except Exception as error:  # noqa: BLE001 -- it is tried again
                self.outage.begin(error)

    async def take_queued(self) -> None:
        """Take up the oldest runs that nobody else is about to."""
        room = min(config.agent.runs_per_process - len(self.stops), TAKEN_AT_ONCE)
        if room <= 0:
            return
        reserve = Run.objects.reserve_due
        for run_id in await in_vital_thread(reserve, room, seconds=HANDOVER_SECONDS):
            self.launch(run_id)

    def launch(self, run_id: UUID) -> asyncio.Task[None]:
        """Carry out a run, detached from whoever asked for it; without room it stays queued."""
        if run_id in self.stops or len(self.stops) >= config.agent.runs_per_process:
            return asyncio.create_task(asyncio.sleep(0))
        if self.keeper is None or self.keeper.done():
            self.keeper = asyncio.create_task(self.keep())
        stop = self.stops[run_id] = asyncio.Event()
        task = asyncio.create_task(self.carry_out(run_id, stop))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def carry_out(self, run_id: UUID, stop: asyncio.Event) -> None:
        """The outermost edge of a run: what gets here is a mistake of ours."""
        lease = RunLease(run_id)
        try:
            job = await persist(lease, records.claim_job, run_id, lease.token)
            if job is None:
                return
            self.leases[run_id] = lease
            with wanted.watching(run_id, stop.set):
                await make_answer(job, lease, stop)
        except Exception:
            logger.exception("run %s broke down", run_id)
            await self.end_broken(lease)
        finally:
            self.stops.pop(run_id, None)
            self.leases.pop(run_id, None)

    async def end_broken(self, lease: RunLease) -> None:
        """End a run that broke down, with what was saved of it; the sweeper is the last resort."""
        try:
            detail = internal_sentence()
            ended = await persist(lease, records.fail_run, lease.run_id, lease.token, detail)
            if ended:
                await persist(lease, append_end, lease.run_id)
        except LeaseLost:
            return
        except Exception:
            logger.exception("run %s is left to the sweeper", lease.run_id)

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
            held = await in_vital_thread(Run.objects.renew_held, tokens, seconds=seconds)
        except Exception as error:  # noqa: BLE001 -- it is tried again
            self.note_blindness(error)
            return
        self.is_blind = False
        for run_id, lease in leases.items():
            if run_id in held:
                lease.confirm(asked_at)
            else:
                lease.lose()

    def note_blindness(self, error: Exception) -> None:
        """Log the first of several failures to renew."""
        if not self.is_blind:
            logger.error("leases cannot be renewed", exc_info=error)
        self.is_blind = True

    async def close(self) -> None:
        """Cancel all runs and wait until they are stored."""
        # Before the runs are given up, lest they are taken up here again.
        await end_task(self.taker)
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await end_task(self.keeper)


hosts = PerLoop(RunHost, close=RunHost.close, stage=Stage.WORK)


def run_host() -> RunHost:
    """The host of the running event loop."""
    return hosts.get()


async def serve_runs() -> None:
    """Take up queued runs in the running event loop from now on."""
    run_host().serve()


async def launch(run_id: UUID) -> asyncio.Task[None]:
    """Carry out a queued run in this process; the task ends with the run."""
    return run_host().launch(run_id)


def carried_out_here(run_id: UUID) -> bool:
    """Whether this event loop makes the answer of a run right now."""
    return run_id in run_host().stops


async def request_stop(run_id: UUID) -> None:
    """End a run that no process holds; ask the process that makes the answer to stop otherwise."""
    host = run_host()
    if run_id in host.stops:
        host.stops[run_id].set()
    await in_vital_thread(stop_run, run_id)


def stop_run(run_id: UUID) -> None:
    """Write down that a run is to end, and end it at once when no process holds it."""
    # In this order: a process that takes it up, or gives it up, in between sees the wish.
    Run.objects.filter(pk=run_id).request_stop()
    stop_idle_run(run_id)


async def close_runs() -> None:
    """End what runs of this event loop left behind, before the loop itself ends."""
    await close_all()
