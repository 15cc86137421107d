"""Room at model servers for what nobody waits for."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from chat.llm.registry import endpoint_of
from chat.runs.queue import may_begin
from youworker.core.db import run_in_thread
from youworker.core.per_loop import PerLoop

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from chat.agent.types import LanguageModel

LOOK_SECONDS = 0.5
one_at_a_time: PerLoop[asyncio.Semaphore] = PerLoop(partial(asyncio.Semaphore, 1))


@asynccontextmanager
async def wait_for_slot(
    model: LanguageModel, *, seconds: float = 60.0
) -> AsyncGenerator[None, None]:
    """Wait until a model's server has room that no person waits for; then it is ours inside.

    One at a time in this process. Raises `TimeoutError` after so many seconds.
    """
    slot = one_at_a_time.get()
    async with asyncio.timeout(seconds):
        await slot.acquire()
        try:
            while not await run_in_thread(has_room, endpoint_of(model.name)):  # noqa: ASYNC110 -- a look
                await asyncio.sleep(LOOK_SECONDS)
        except BaseException:
            slot.release()
            raise
    try:
        yield
    finally:
        slot.release()


@transaction.atomic
def has_room(endpoint: str) -> bool:
    """Whether a server makes fewer answers than it may, and nobody waits for it."""
    return may_begin(endpoint)
