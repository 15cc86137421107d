"""What a web process does now and then beside its runs, for all that share the work. Blocking."""

from __future__ import annotations

import logging

from chat.llm.admission import RENEW_SECONDS, forget_calls_of, renew_rooms
from chat.llm.endpoints import REFRESH_SECONDS, refresh_endpoints
from chat.runs.queue import announce_queued
from chat.runs.sweeper import interrupt_stalled_runs
from youworker.core.effects import queue_task
from youworker.core.leases import elapsed_seconds, lose_leases
from youworker.core.processes import find_ended

logger = logging.getLogger(__name__)

SWEEP = "ingestion.tasks.sweep"


class Upkeep:
    """Takes over from processes that ended, and keeps what is known of model servers new."""

    def __init__(self) -> None:
        self.refresh_at = self.renew_at = 0.0

    def carry_out(self) -> None:
        """Do what is due."""
        take_over()
        now = elapsed_seconds()
        if now >= self.refresh_at:
            refresh_endpoints()
            self.refresh_at = now + REFRESH_SECONDS
        if now >= self.renew_at:
            renew_rooms()
            self.renew_at = now + RENEW_SECONDS


def take_over() -> int:
    """Let others have at once what processes of this machine held that are gone; how much it was.

    Where none is gone, no statement is made.
    """
    held = sum(lose_leases(number) + forget_calls_of(number) for number in find_ended())
    if held:
        logger.warning("Took over %s pieces of work of processes that ended", held)
        interrupt_stalled_runs()
        announce_queued()
        # What workers held they know how to take back.
        queue_task(SWEEP)
    return held
