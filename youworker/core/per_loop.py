"""Objects and tasks of one event loop, and closing them before it ends."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

T = TypeVar("T")

# A cancellation that a library kept to itself is repeated after this.
CANCEL_AGAIN_SECONDS = 0.2
# A plain mapping: most objects know their loop, so weak keys would never die. What is left of
# loops that have ended goes when another one asks for its first object.
held: dict[asyncio.AbstractEventLoop, dict[PerLoop[Any], Any]] = {}


class Stage(IntEnum):
    """When an object is closed: whatever uses others is closed before them."""

    WORK = 1
    SERVICE = 2
    CONNECTION = 3


class PerLoop(Generic[T]):
    """One object for each event loop that asks for it, made when it is first needed."""

    def __init__(
        self,
        make: Callable[[], T],
        *,
        close: Callable[[T], Awaitable[object]] | None = None,
        stage: Stage = Stage.SERVICE,
    ) -> None:
        self.make = make
        self.end = close
        self.stage = stage

    def get(self) -> T:
        """The object of the running event loop."""
        objects = objects_of_loop()
        if self not in objects:
            objects[self] = self.make()
        thing: T = objects[self]
        return thing

    async def close(self) -> None:
        """Close the object of the running event loop, if it has one; `get` makes another."""
        objects = objects_of_loop()
        if self in objects:
            thing = objects.pop(self)
            if self.end is not None:
                await self.end(thing)


def objects_of_loop() -> dict[PerLoop[Any], Any]:
    """What the running event loop holds, in the order in which it was made."""
    loop = asyncio.get_running_loop()
    if loop not in held:
        # A copy, in one step: other threads have loops of their own.
        for known in list(held):
            if known.is_closed():
                held.pop(known, None)
        held[loop] = {}
    return held[loop]


async def close_all() -> None:
    """Close every object of the running event loop: by stages, and the youngest first in each.

    One that cannot be closed keeps none of the others open; its error is raised in the end. What
    is made meanwhile is closed as well.
    """
    while objects := objects_of_loop():
        async with AsyncExitStack() as closings:
            # A stack is emptied from its top.
            for owner in sorted(objects, key=lambda owner: -owner.stage):
                closings.push_async_callback(owner.close)


async def end_task(task: asyncio.Task[None] | None) -> None:
    """Cancel a task until it has ended."""
    if task is not None:
        await end_tasks([task])


async def end_tasks(
    tasks: Iterable[asyncio.Task[Any]],
    *,
    seconds: float = CANCEL_AGAIN_SECONDS,
    attempts: int | None = None,
) -> bool:
    """Cancel tasks until they have ended, or so many times; whether they have.

    Libraries keep a cancellation to themselves at times: asgiref while a thread works, redis-py
    while it connects. A task that repeats something for ever would then go on.
    """
    left = {task for task in tasks if not task.done()}
    while left and attempts != 0:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=seconds)
        attempts = attempts and attempts - 1
    return not left


def forget_outcome(task: asyncio.Task[Any]) -> None:
    """Have nobody told of an error of a task that nobody asks for."""
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())


async def wait_for(fut: Awaitable[T], timeout: float | None) -> T:  # noqa: ASYNC109 -- its signature
    """Wait, so many seconds at most, as Python 3.12 does; raises `TimeoutError`."""
    async with asyncio.timeout(timeout):
        return await fut


def keep_cancellations() -> None:
    """Let every library of this process wait like that.

    `asyncio.wait_for` of Python 3.11 returns the result, and forgets that it was cancelled, when
    what it waits for ends in the same moment (CPython gh-86296, mended in 3.12). redis-py sends
    every command through it: whoever followed a channel then followed it for ever, behind a socket
    that was closed.
    """
    if sys.version_info < (3, 12):
        # Whoever still waits for a generator is not among our libraries.
        asyncio.wait_for = asyncio.tasks.wait_for = wait_for  # type: ignore[assignment]
