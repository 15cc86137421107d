"""Ending what an answer waits for, also where something keeps its cancellation to itself."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from youworker.core.per_loop import end_tasks, forget_outcome

if TYPE_CHECKING:
    import asyncio

logger = logging.getLogger(__name__)

# So long a tool server may be told that nobody waits any more, and a request be closed.
CLOSING_SECONDS = 10.0
# Libraries lose a cancellation now and then; whoever loses that many loses all.
ATTEMPTS = 2


async def end_parts(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they have ended; what does not end at all is left behind, and logged."""
    have_ended = await end_tasks(tasks, seconds=CLOSING_SECONDS, attempts=ATTEMPTS)
    for task in tasks:
        forget_outcome(task)
    if not have_ended:
        logger.error("an answer is ended although something in it does not end")
