"""A database that hangs: requests that wait for it are answered, and new ones at once.

One that is away refuses connections, which every request notices by itself. One that hangs (a
disk that is gone, a machine or a network that went away without a word) is asked and never answers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from youworker.appliance.health.checks import check_database
from youworker.appliance.health.looking import begin_look

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from youworker.core.slots import Slot

logger = logging.getLogger(__name__)

# Hardly any request takes longer, so hardly ever anybody looks.
NOTICED_SECONDS = 5.0
# A server that is only busy answers the shortest of all statements before that.
ANSWER_SECONDS = 10.0
# Between two looks; meanwhile who waited for something else may come to wait for the database.
LOOK_SECONDS = 1.0


class DatabaseSilent(Exception):
    """The database does not answer."""


class SilenceWatch:
    """Looks at the database when a request takes long; belongs to one event loop."""

    def __init__(self) -> None:
        # The oldest request first; what each of them can be ended by, its slot, and its start.
        self.waiting: dict[asyncio.Timeout, tuple[Slot, float]] = {}
        self.timer: asyncio.TimerHandle | None = None
        self.watching: asyncio.Task[None] | None = None
        # Whether the last look found no answer.
        self.is_silent = False

    @asynccontextmanager
    async def end_when_silent(self, slot: Slot) -> AsyncIterator[None]:
        """Raise `DatabaseSilent` at once, or inside as soon as the database is known to hang.

        Whoever waits for something else, and has given way meanwhile, is left alone.
        """
        if self.is_silent:
            raise DatabaseSilent
        loop = asyncio.get_running_loop()
        limit = asyncio.timeout(None)
        try:
            async with limit:
                self.waiting[limit] = slot, loop.time()
                if self.timer is None and self.watching is None:
                    self.come_again()
                try:
                    yield
                finally:
                    self.waiting.pop(limit, None)
        except TimeoutError:
            if limit.expired():
                raise DatabaseSilent from None
            raise

    def notice(self) -> None:
        """Have the database looked at if a request waits for it that long; else come again."""
        self.timer = None
        long_ago = asyncio.get_running_loop().time() - NOTICED_SECONDS
        if any(began <= long_ago and not slot.gave_way for slot, began in self.waiting.values()):
            self.watching = asyncio.create_task(self.watch())
        elif self.waiting:
            self.come_again()

    def come_again(self) -> None:
        """Look at the requests once more in a while."""
        loop = asyncio.get_running_loop()
        self.timer = loop.call_later(NOTICED_SECONDS / 2, self.notice)

    async def watch(self) -> None:
        """Look until the database answers; what waits for it longer than that is broken off."""
        try:
            while not await self.find_answer():
                if not self.is_silent:
                    self.is_silent = True
                    logger.warning("the database does not answer")
                self.break_off()
                await asyncio.sleep(LOOK_SECONDS)
            if self.is_silent:
                logger.info("the database answers again")
        finally:
            self.is_silent, self.watching = False, None
            if self.waiting:
                self.come_again()

    async def find_answer(self) -> bool:
        """Whether the database answers in time; the time is over at once while a look hangs."""
        look = begin_look("database", check_database)
        left = look.began + ANSWER_SECONDS - time.monotonic()
        outcome = asyncio.wrap_future(look.outcome)
        await asyncio.wait({outcome}, timeout=max(0.0, left))
        return outcome.done() and outcome.result()["status"] == "ok"

    def break_off(self) -> None:
        """End what waits for the database, or for its turn."""
        now = asyncio.get_running_loop().time()
        for limit, (slot, _began) in list(self.waiting.items()):
            if not slot.gave_way:
                del self.waiting[limit]
                limit.reschedule(now)
