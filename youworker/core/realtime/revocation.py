"""Noticing that what somebody relies on is gone: one poll a second for all who watch."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from math import isinf
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from youworker.core.db import run_in_vital_thread
from youworker.core.per_loop import PerLoop, end_task, forget_outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterator

logger = logging.getLogger(__name__)

K = TypeVar("K")
T = TypeVar("T")

PAUSE_SECONDS = 1.0
# So long after the last look that succeeded, nobody may be left in on trust any more.
PATIENCE_SECONDS = 60.0


class CloseReason(IntEnum):
    """Why a stream is closed from our side, by the code with which a WebSocket is."""

    INTERNAL_ERROR = 1011
    ACCESS_ENDED = 4401
    GONE = 4404
    TRY_AGAIN = 4503


class Revoked(Exception):
    """Something that a stream rests on is gone."""

    def __init__(self, reason: CloseReason) -> None:
        super().__init__(reason.name)
        self.reason = reason


class RevocationPoller(Generic[K]):
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
        self.polls: PerLoop[LoopPolls[K]] = PerLoop(lambda: LoopPolls(self), close=LoopPolls.close)

    @contextmanager
    def watching(self, thing: K, gone: Callable[[], object]) -> Iterator[None]:
        """Call `gone` in this event loop, once, when `thing` does not remain."""
        polls = self.polls.get()
        polls.add(thing, gone)
        try:
            yield
        finally:
            polls.discard(thing, gone)


class LoopPolls(Generic[K]):
    """The polls of one event loop; they end when nothing is watched."""

    def __init__(self, poller: RevocationPoller[K]) -> None:
        self.poller = poller
        self.watchers: dict[K, list[Callable[[], object]]] = {}
        self.task: asyncio.Task[None] | None = None
        self.blind_since: float | None = None

    def add(self, thing: K, gone: Callable[[], object]) -> None:
        """Begin to watch."""
        self.watchers.setdefault(thing, []).append(gone)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.poll_regularly())

    def discard(self, thing: K, gone: Callable[[], object]) -> None:
        """Watch no longer; nothing happens when it was told already."""
        watchers = self.watchers.get(thing, [])
        if gone in watchers:
            watchers.remove(gone)
        if not watchers:
            self.watchers.pop(thing, None)

    async def close(self) -> None:
        """Ask no longer."""
        await end_task(self.task)

    async def poll_regularly(self) -> None:
        """Ask, and tell, until nothing is left to watch."""
        while self.watchers:
            await asyncio.sleep(self.poller.pause or PAUSE_SECONDS)
            asked = set(self.watchers)
            for thing in asked - await self.ask_remaining(asked):
                for gone in self.watchers.pop(thing, []):
                    gone()

    async def ask_remaining(self, asked: set[K]) -> set[K]:
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
        patience = self.poller.patience
        # A database that hangs raises nothing. Its thread is not waited for any longer.
        looking = asyncio.create_task(run_in_vital_thread(self.poller.remaining, asked))
        forget_outcome(looking)
        await asyncio.wait({looking}, timeout=None if isinf(patience) else patience)
        if not looking.done():
            raise TimeoutError
        return set(looking.result())

    def trusted(self, asked: set[K], error: Exception, *, since: float) -> set[K]:
        """Everything, until patience ends; the first failure of a row is logged."""
        if self.blind_since is None:
            self.blind_since = since
            logger.error("access cannot be checked", exc_info=error)
        is_patient = time.monotonic() - self.blind_since < self.poller.patience
        return asked if is_patient else set()


@dataclass(frozen=True, slots=True)
class Condition(Generic[K]):
    """Something that a stream rests on, and why the stream is closed without it."""

    poller: RevocationPoller[K]
    thing: K
    reason: CloseReason


class RevocableWait:
    """The waiting of one stream, for one thing at a time.

    It is broken off by a timeout: a task for each wait would cost more than the tokens themselves.
    """

    def __init__(self) -> None:
        self.reason: CloseReason | None = None
        self.scope: asyncio.Timeout | None = None

    def revoke(self, reason: CloseReason) -> None:
        """Break off the wait at hand and all later ones; the first reason counts."""
        # A timeout that is under way cannot be set a second time.
        if self.reason is None:
            self.reason = reason
            if self.scope is not None:
                self.scope.reschedule(asyncio.get_running_loop().time())

    async def wait_for(self, begin: Callable[[], Awaitable[T]]) -> T:
        """Begin something and give its outcome; raises `Revoked` before or in the middle of it."""
        if self.reason is None:
            try:
                async with asyncio.timeout(None) as self.scope:
                    return await begin()
            except TimeoutError:
                if self.reason is None:
                    raise
            finally:
                self.scope = None
        raise Revoked(self.reason)


@contextmanager
def until_revoked(*conditions: Condition[Any]) -> Iterator[RevocableWait]:
    """Inside the context: waiting that is broken off when one of the conditions ends."""
    revocable = RevocableWait()
    with ExitStack() as watches:
        for each in conditions:
            revoke = partial(revocable.revoke, each.reason)
            watches.enter_context(each.poller.watching(each.thing, revoke))
        yield revocable
