"""Noticing that what somebody relies on is gone: one look a second for all who watch."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import contextmanager
from math import isinf
from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakKeyDictionary

from youworker.common.db import in_vital_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

logger = logging.getLogger(__name__)

K = TypeVar("K")

PAUSE_SECONDS = 1.0
# So long after the last look that succeeded, nobody may be left in on trust any more.
PATIENCE_SECONDS = 60.0


class Lookout(Generic[K]):
    """Tells whoever watches a thing when it is not among those that remain.

    `remaining` is asked in a thread, every `pause` seconds, about everything that is watched in
    an event loop. While it cannot answer, things are taken to remain, for a minute; with
    `trusting`, for ever.
    """

    def __init__(
        self,
        remaining: Callable[[Collection[K]], Collection[K]],
        *,
        trusting: bool = False,
        pause: float | None = None,
    ) -> None:
        self.remaining = remaining
        self.pause = pause
        self.patience = float("inf") if trusting else PATIENCE_SECONDS
        self.rounds: WeakKeyDictionary[asyncio.AbstractEventLoop, Rounds[K]] = WeakKeyDictionary()

    @contextmanager
    def watching(self, thing: K, gone: Callable[[], object]) -> Iterator[None]:
        """Call `gone` in this event loop, once, when `thing` does not remain."""
        loop = asyncio.get_running_loop()
        if loop not in self.rounds:
            self.rounds[loop] = Rounds(self)
        rounds = self.rounds[loop]
        rounds.add(thing, gone)
        try:
            yield
        finally:
            rounds.discard(thing, gone)


class Rounds(Generic[K]):
    """The looks of one event loop; they end when nothing is watched."""

    def __init__(self, lookout: Lookout[K]) -> None:
        self.lookout = lookout
        self.watchers: dict[K, list[Callable[[], object]]] = {}
        self.task: asyncio.Task[None] | None = None
        self.blind_since: float | None = None

    def add(self, thing: K, gone: Callable[[], object]) -> None:
        """Begin to watch."""
        self.watchers.setdefault(thing, []).append(gone)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.look_regularly())

    def discard(self, thing: K, gone: Callable[[], object]) -> None:
        """Watch no longer; nothing happens when it was told already."""
        watchers = self.watchers.get(thing, [])
        if gone in watchers:
            watchers.remove(gone)
        if not watchers:
            self.watchers.pop(thing, None)

    async def look_regularly(self) -> None:
        """Look, and tell, until nothing is left to watch."""
        while self.watchers:
            await asyncio.sleep(self.lookout.pause or PAUSE_SECONDS)
            asked = set(self.watchers)
            for thing in asked - await self.remaining(asked):
                for gone in self.watchers.pop(thing, []):
                    gone()

    async def remaining(self, asked: set[K]) -> set[K]:
        """What remains; everything while that cannot be found out, but not for ever."""
        began = time.monotonic()
        try:
            found = await self.look(asked) if asked else set()
        except Exception as error:  # noqa: BLE001 -- a look that fails must not be the last one
            return self.trusted(asked, error, since=began)
        if self.blind_since is not None:
            logger.warning("access can be checked again")
        self.blind_since = None
        return found

    async def look(self, asked: set[K]) -> set[K]:
        """What remains; raises `TimeoutError` when that is not said before patience ends."""
        patience = self.lookout.patience
        # A database that hangs raises nothing. Its thread is not waited for any longer.
        looking = asyncio.create_task(in_vital_thread(self.lookout.remaining, asked))
        looking.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.wait({looking}, timeout=None if isinf(patience) else patience)
        if not looking.done():
            raise TimeoutError
        return set(looking.result())

    def trusted(self, asked: set[K], error: Exception, *, since: float) -> set[K]:
        """Everything, until patience ends; the first failure of a row is logged."""
        if self.blind_since is None:
            self.blind_since = since
            logger.error("access cannot be checked", exc_info=error)
        is_patient = time.monotonic() - self.blind_since < self.lookout.patience
        return asked if is_patient else set()
