"""Waiting for what a test cannot be told of."""

from __future__ import annotations

import asyncio
import inspect
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")
Errors = tuple[type[Exception], ...]

# For a machine that does other things, too: what works does not use it up.
PATIENCE_SECONDS = 90.0
PAUSE_SECONDS = 0.05


def wait_until(
    probe: Callable[[], T], *, seconds: float = PATIENCE_SECONDS, despite: Errors = ()
) -> T:
    """Look again and again until there is something, and give that; errors named are nothing.

    Raises `AssertionError` when nothing came in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        with suppress(*despite):
            if found := probe():
                return found
        require_time(deadline, probe)
        time.sleep(PAUSE_SECONDS)


async def wait_until_async(
    probe: Callable[[], Awaitable[T] | T],
    *,
    seconds: float = PATIENCE_SECONDS,
    despite: Errors = (),
) -> T:
    """Do the same without holding up the loop; the probe may be a coroutine function."""
    deadline = time.monotonic() + seconds
    while True:
        with suppress(*despite):
            found: Any = probe()
            if inspect.isawaitable(found):
                found = await found
            if found:
                return found  # type: ignore[no-any-return]
        require_time(deadline, probe)
        await asyncio.sleep(PAUSE_SECONDS)


def is_open(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def require_time(deadline: float, probe: Callable[[], Any]) -> None:
    """Raise `AssertionError` once the time is over."""
    if time.monotonic() > deadline:
        raise AssertionError(f"It did not happen in time: {inspect.getsource(probe).strip()}")
