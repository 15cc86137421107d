"""Ending what an answer waits for, also where something keeps its cancellation to itself."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

logger = logging.getLogger(__name__)

# So long a tool server may be told that nobody waits any more, and a request be closed.
CLOSING_SECONDS = 10.0
# Libraries lose a cancellation now and then; whoever loses that many loses all.
ATTEMPTS = 2


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they have ended; what does not end at all is left behind, and logged."""
    for _ in range(ATTEMPTS):
        left = [task for task in tasks if not task.done()]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=CLOSING_SECONDS)
    forget_outcomes(tasks)
    if any(not task.done() for task in tasks):
        logger.error("an answer is ended although something in it does not end")


def forget_outcomes(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Have nobody told of errors that nobody asks for."""
    for task in tasks:
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
