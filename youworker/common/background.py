"""Tasks that go on beside everything else."""

from __future__ import annotations

import asyncio

CANCEL_AGAIN_SECONDS = 0.2


async def end_task(task: asyncio.Task[None] | None) -> None:
    """Cancel a task until it has ended.

    Libraries keep a cancellation to themselves at times: asgiref while a thread works, redis-py
    while it connects. A task that repeats something for ever would then go on.
    """
    while task is not None and not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_AGAIN_SECONDS)
