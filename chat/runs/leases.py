"""What the process that makes an answer knows of its lease, and how it waits for the database."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, NoReturn, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError

from youworker.core.config import config
from youworker.core.db import run_in_thread, run_in_vital_thread
from youworker.core.leases import elapsed_seconds
from youworker.core.processes import new_token

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

# The database was not reached, or went away: what was asked can be asked again.
AWAY = (OperationalError, InterfaceError)
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0


class LeaseLost(Exception):
    """The run is not ours any more: nothing may be written about it."""


class RunLease:
    """The lease of one run, as its holder sees it without asking the database.

    It is made before the database is asked for it, so that its age is never underestimated.
    """

    def __init__(self, token: UUID | None = None) -> None:
        self.token = token or new_token()
        self.asked_at = elapsed_seconds()
        self.lost = asyncio.Event()

    def is_certain(self) -> bool:
        """Whether nobody else can have ended the run, however long this process slept."""
        age = elapsed_seconds() - self.asked_at
        return not self.lost.is_set() and age < config.agent.lease_seconds

    def confirm(self, asked_at: float) -> None:
        """Note that the database extended the lease when it was asked at that time."""
        self.asked_at = max(self.asked_at, asked_at)

    def lose(self) -> None:
        """Note that somebody else ended the run."""
        self.lost.set()

    def give_up(self) -> NoReturn:
        """Note that somebody else ended the run, and raise `LeaseLost`."""
        self.lose()
        raise LeaseLost

    def require(self) -> None:
        """Raise `LeaseLost` when somebody else ended the run."""
        if self.lost.is_set():
            raise LeaseLost


async def write_to_database(
    lease: RunLease, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Call repeatable database code until the database answers; raises `LeaseLost`.

    While the database is away for everybody nobody can end the run; when it is back, the lease
    decides.
    """
    return await ask_until_answered(lease, lambda: run_in_vital_thread(function, *args, **kwargs))


async def read_from_database(
    lease: RunLease, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Do what `write_to_database` does among the ordinary work: for what takes its time."""
    return await ask_until_answered(lease, lambda: run_in_thread(function, *args, **kwargs))


async def ask_until_answered(lease: RunLease, ask: Callable[[], Awaitable[R]]) -> R:
    """Ask something until the database answers; raises `LeaseLost`."""
    pause = FIRST_PAUSE
    while True:
        lease.require()
        try:
            return await ask()
        except AWAY as error:
            if pause == FIRST_PAUSE:
                logger.warning("a run waits for the database: %s", error)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
