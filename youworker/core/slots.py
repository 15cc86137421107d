"""How many requests at once reach the database, and how callers take turns."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from asgiref.sync import async_to_sync
from django.db import close_old_connections, connection

if TYPE_CHECKING:
    from collections.abc import Iterator


KeyT = TypeVar("KeyT")


class Caller(NamedTuple):
    """Who sends a request, as far as that is known before it is looked at."""

    # Of the API key or the session; it need not be a valid one, so the address counts as well.
    secret: int
    address: int


class RequestSlots:
    """So many requests at once, and so many of one caller; whoever waits is served in turn.

    Belongs to one event loop. Free slots mean that nobody waits who could have one.
    """

    def __init__(self, *, slots: int, per_caller: int, per_address: int) -> None:
        self.free = slots
        self.per_caller, self.per_address = per_caller, per_address
        self.running: Counter[Caller] = Counter()
        self.addresses: Counter[int] = Counter()
        self.waiting: OrderedDict[Caller, deque[asyncio.Future[None]]] = OrderedDict()

    async def acquire(self, caller: Caller, *, seconds: float | None) -> None:
        """Wait for a slot; raises `TimeoutError` after so many seconds."""
        if self.free and self.may_have_one(caller):
            self.occupy(caller)
            return
        turn = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(caller, deque()).append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                # It was given in the moment in which the wait was broken off.
                self.release(caller)
            else:
                self.withdraw(caller, turn)
            raise

    def release(self, caller: Caller) -> None:
        """Hand a slot on to whoever is next."""
        self.free += 1
        uncount(self.running, caller)
        uncount(self.addresses, caller.address)
        while self.free and (eligible := self.next_caller()) is not None:
            queue = self.waiting.pop(eligible)
            turn = queue.popleft()
            if queue:
                # Everybody else comes before this caller's next request.
                self.waiting[eligible] = queue
            if not turn.done():
                self.occupy(eligible)
                turn.set_result(None)

    def next_caller(self) -> Caller | None:
        """The caller who has waited longest of those who hold less than they may."""
        return next(filter(self.may_have_one, self.waiting), None)

    def may_have_one(self, caller: Caller) -> bool:
        """Whether a caller holds less than they may."""
        return (
            self.running[caller] < self.per_caller
            and self.addresses[caller.address] < self.per_address
        )

    def occupy(self, caller: Caller) -> None:
        """Count a slot as taken."""
        self.free -= 1
        self.running[caller] += 1
        self.addresses[caller.address] += 1

    def withdraw(self, caller: Caller, turn: asyncio.Future[None]) -> None:
        """Remove somebody who does not wait any longer."""
        queue = self.waiting.get(caller, deque())
        if turn in queue:
            queue.remove(turn)
            if not queue:
                del self.waiting[caller]


def uncount(counts: Counter[KeyT], key: KeyT) -> None:
    """Take one away, and forget what has come to nothing."""
    counts[key] -= 1
    if not counts[key]:
        del counts[key]


class Slot:
    """One request's slot, which it can do without while it waits for somebody else."""

    def __init__(self, slots: RequestSlots, caller: Caller) -> None:
        self.slots, self.caller = slots, caller
        self.loop = asyncio.get_running_loop()
        self.held = self.ended = False
        # Whether it waits for somebody else, so that nothing of ours holds the request up.
        self.gave_way = False

    async def acquire(self, *, seconds: float | None = None) -> None:
        """Wait for the slot; raises `TimeoutError`. A request that is over gets none."""
        if self.ended:
            return
        await self.slots.acquire(self.caller, seconds=seconds)
        self.held, self.gave_way = True, False
        if self.ended:
            self.release()

    def give_way(self) -> None:
        """Give the slot back until somebody else is done."""
        self.gave_way = True
        self.release()

    def release(self) -> None:
        """Give the slot back; nothing happens when it was given back already."""
        if self.held:
            self.held = False
            self.slots.release(self.caller)

    def end(self) -> None:
        """Give the slot back for good: tasks that the request began still know it."""
        self.ended = True
        self.release()


# The slot of the request that is carried out; None outside the web process.
current: ContextVar[Slot | None] = ContextVar("request_slot", default=None)


@contextmanager
def holding_nothing() -> Iterator[None]:
    """Hold neither a connection nor a request slot inside: for waits in synchronous code.

    Nothing happens in a transaction, which would end with its connection, and where nobody
    else could use either, as in workers.
    """
    slot = current.get()
    if slot is not None and not slot.held:
        slot = None
    pooled = getattr(connection, "pool", None) is not None
    if connection.in_atomic_block or not (slot or pooled):
        yield
        return
    close_old_connections()
    if slot is None:
        yield
        return
    slot.loop.call_soon_threadsafe(slot.give_way)
    try:
        yield
    finally:
        # What was waited for is there: nobody is turned away now.
        async_to_sync(slot.acquire)()


def give_way() -> None:
    """Let other requests go first; for long computations, between two pieces."""
    with holding_nothing():
        pass
