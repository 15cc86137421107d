"""A model's turn read ahead by a task, so that waiting for it can be broken by signs of life."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from chat.agent.exceptions import AgentError, ModelUnavailable
from youworker.core.per_loop import end_task

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from chat.agent.types import ModelEvent

logger = logging.getLogger(__name__)

# A reader that is slower than its model holds it up, as it would over a connection of its own.
MOST_AHEAD = 1000
UNREAD_SECONDS = 120.0
TOO_LONG = "The model's answer took too long."


class Feed:
    """The events of one turn; closing it closes the request to the model at once.

    It lasts so many seconds at most: whoever should have closed it may be gone.
    """

    def __init__(self, stream: AsyncGenerator[ModelEvent, None], *, seconds: float) -> None:
        # None is the end, an exception what the turn broke down with.
        self.queue: asyncio.Queue[ModelEvent | AgentError | None] = asyncio.Queue(MOST_AHEAD)
        self.ahead: list[ModelEvent] | None = None
        self.failure: AgentError | None = None
        self.is_over = False
        self.reading = asyncio.create_task(self.read(stream, seconds))

    async def read(self, stream: AsyncGenerator[ModelEvent, None], seconds: float) -> None:
        """Read the turn to its end."""
        try:
            async with asyncio.timeout(seconds), aclosing(stream) as events:
                async for event in events:
                    await self.queue.put(event)
        except AgentError as error:
            await self.tell_end(error)
        except TimeoutError:
            await self.tell_end(ModelUnavailable(TOO_LONG))
        except Exception:
            logger.exception("a model's answer broke down")
            await self.tell_end(ModelUnavailable("Something went wrong on our side."))
        else:
            await self.tell_end(None)

    async def tell_end(self, end: AgentError | None) -> None:
        """Put the end behind what was not read yet; a reader who is gone is not waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(UNREAD_SECONDS):
                await self.queue.put(end)

    async def look_ahead(self, seconds: float) -> None:
        """Wait for the first events, but not longer; raises what the turn broke down with.

        They are given with the next batch.
        """
        batch = await self.read_batch(seconds)
        self.ahead = batch or None

    async def read_batch(self, seconds: float) -> list[ModelEvent] | None:
        """What has come, nothing after so many seconds of silence; None after the end.

        Raises what the turn broke down with, once everything before it was given.
        """
        if self.ahead is not None:
            batch, self.ahead = self.ahead, None
            return batch
        if self.failure:
            raise self.failure
        if self.is_over:
            return None
        found: list[ModelEvent] = []
        try:
            async with asyncio.timeout(seconds):
                self.take(await self.queue.get(), found)
        except TimeoutError:
            if self.reading.done() and self.queue.empty():
                raise ModelUnavailable(TOO_LONG) from None
            return found
        while not self.queue.empty() and not self.is_over and not self.failure:
            self.take(self.queue.get_nowait(), found)
        if self.failure and not found:
            raise self.failure
        return found or (None if self.is_over else found)

    def take(self, item: ModelEvent | AgentError | None, found: list[ModelEvent]) -> None:
        """Sort one thing that was read."""
        if item is None:
            self.is_over = True
        elif isinstance(item, AgentError):
            self.failure = item
        else:
            found.append(item)

    async def close(self) -> None:
        """End the turn, wherever it stands."""
        await end_task(self.reading)
