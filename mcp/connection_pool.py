"""Connections that outlive a call, each opened and closed by a task of its own.

The scopes inside a connection belong to the task that opened it, so no caller may own one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from contextvars import Context
from typing import Any

from youworker.core.per_loop import PerLoop

logger = logging.getLogger(__name__)

IDLE_SECONDS = 300.0

Opening = Callable[[], AbstractAsyncContextManager[Any]]


class PooledConnection:
    """One open connection, closed by `close` or after a time without calls."""

    def __init__(self, opening: Opening) -> None:
        self.loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[Any] = self.loop.create_future()
        self.ending = asyncio.Event()
        self.calls = 0
        self.last_used = self.loop.time()
        # An empty context: the connection belongs to no user and no request.
        self.task = self.loop.create_task(self.hold(opening), context=Context())

    async def hold(self, opening: Opening) -> None:
        """Keep the connection open until it is no longer wanted."""
        try:
            async with opening() as connection:
                self.opened.set_result(connection)
                await self.wait_until_idle()
        # Whatever ends a connection is told to those who wait for it.
        except Exception as error:  # noqa: BLE001
            logger.info("a tool server's connection ended: %r", error)
            self.fail(error)
        finally:
            self.ending.set()
            self.fail(ConnectionError("The connection was closed while it was opened."))

    def fail(self, error: Exception) -> None:
        """Tell whoever waits for the connection that there is none."""
        if not self.opened.done():
            self.opened.set_exception(error)
            self.opened.exception()  # Nobody may be waiting any more.

    async def wait_until_idle(self) -> None:
        """Wait for the end, or for `IDLE_SECONDS` without a call."""
        while not self.ending.is_set():
            rest = self.last_used + IDLE_SECONDS - self.loop.time()
            if rest <= 0 and not self.calls:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(max(rest, 1.0)):
                    await self.ending.wait()

    def close(self) -> None:
        """Ask the owner to close, also when it is still opening."""
        self.ending.set()
        if not self.opened.done():
            self.task.cancel()


async def close_connections(known: dict[Hashable, PooledConnection]) -> None:
    """Close the connections of an event loop and wait until they are closed."""
    for pooled in known.values():
        pooled.close()
    await asyncio.gather(*(pooled.task for pooled in known.values()), return_exceptions=True)


connections: PerLoop[dict[Hashable, PooledConnection]] = PerLoop(dict, close=close_connections)


@asynccontextmanager
async def borrow_connection(
    key: Hashable, opening: Opening
) -> AsyncIterator[tuple[PooledConnection, Any]]:
    """Borrow the connection called `key` of this event loop; open it when there is none."""
    known = connections.get()
    pooled = known.get(key)
    if pooled is None or pooled.ending.is_set():
        pooled = known[key] = PooledConnection(opening)
    pooled.calls += 1
    try:
        yield pooled, await asyncio.shield(pooled.opened)
    except asyncio.CancelledError:
        # The only caller ran out of time: an opening that takes so long is given up.
        if pooled.calls == 1 and not pooled.opened.done():
            pooled.close()
        raise
    finally:
        pooled.calls -= 1
        pooled.last_used = pooled.loop.time()
        if pooled.ending.is_set() and known.get(key) is pooled:
            del known[key]


def evict_connection(key: Hashable) -> None:
    """Close a connection that did not answer, unless other calls still wait on it."""
    pooled = connections.get().get(key)
    if pooled is not None and not pooled.calls:
        pooled.close()
