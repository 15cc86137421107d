"""What a web process measures beside its work: how late its loop is, and bringing counts away."""

from __future__ import annotations

import asyncio

from youworker.core.metrics import process, shared
from youworker.core.per_loop import PerLoop, Stage, end_task

# What is counted is seen that much later by other processes, and lost when this one is killed.
FLUSH_SECONDS = 5.0


class Measuring:
    """The measurements of one event loop."""

    def __init__(self) -> None:
        self.lag = asyncio.create_task(process.measure_lag())
        self.flushing = asyncio.create_task(flush_regularly())

    async def close(self) -> None:
        """End, and bring the last counts away."""
        await end_task(self.lag)
        await end_task(self.flushing)
        await asyncio.to_thread(shared.flush)


measuring = PerLoop(Measuring, close=Measuring.close, stage=Stage.SERVICE)


def begin_measuring() -> None:
    """Measure the running event loop until it ends."""
    process.describe_build()
    measuring.get()


async def flush_regularly() -> None:
    """Bring what was counted to Redis, for ever."""
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        await asyncio.to_thread(shared.flush)
