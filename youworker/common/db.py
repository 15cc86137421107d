"""Calling database code from coroutines."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

from channels.db import database_sync_to_async

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run synchronous database code in a thread and give its connection back afterwards.

    Not thread-sensitive: one slow query must not hold up every stream of the process.
    """
    result: R = await database_sync_to_async(function, thread_sensitive=False)(*args, **kwargs)
    return result
