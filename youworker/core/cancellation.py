"""A wait that loses no cancellation, for Python 3.11.

Its `asyncio.wait_for` returns the result, and forgets that it was cancelled, when what it waits for
ends in the same moment (CPython gh-86296, mended in 3.12). redis-py sends every command through it:
whoever followed a channel then followed it for ever, behind a socket that was closed.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable

T = TypeVar("T")


async def wait_for(fut: Awaitable[T], timeout: float | None) -> T:  # noqa: ASYNC109 -- its signature
    """Wait, so many seconds at most, as Python 3.12 does; raises `TimeoutError`."""
    async with asyncio.timeout(timeout):
        return await fut


def keep_cancellations() -> None:
    """Let every library of this process wait like that."""
    if sys.version_info < (3, 12):
        # Whoever still waits for a generator is not among our libraries.
        asyncio.wait_for = asyncio.tasks.wait_for = wait_for  # type: ignore[assignment]
