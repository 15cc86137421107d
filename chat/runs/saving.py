"""Keeping the texts of answers that grow: those that are due together go in one statement."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from django.db import DatabaseError

from chat.runs import store
from chat.runs.leases import ask_until_answered
from youworker.core.config import config
from youworker.core.db import is_refused_value, run_in_vital_thread
from youworker.core.per_loop import PerLoop, end_task

if TYPE_CHECKING:
    from chat.models import Run
    from chat.runs.leases import RunLease
    from chat.runs.store import PartialText

    Waiting = tuple[PartialText, asyncio.Future[bool]]

# Saves of a process fall into so many moments of the time between two of them. Fewer would make
# longer statements, whose texts are sealed while nobody else's are.
MOMENTS = 4
# Of one statement; texts may be long.
MOST_TEXTS = 32


class TextSaver:
    """Writes the texts of the runs of this event loop."""

    def __init__(self) -> None:
        self.waiting: list[Waiting] = []
        self.task: asyncio.Task[None] | None = None

    async def save(self, text: PartialText) -> bool:
        """Keep a text; false when its run is not held any more, raises what the database says."""
        saved: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.waiting.append((text, saved))
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.write_waiting())
        return await saved

    async def write_waiting(self) -> None:
        """Write what waits, and what comes meanwhile."""
        while self.waiting:
            batch, self.waiting = self.waiting[:MOST_TEXTS], self.waiting[MOST_TEXTS:]
            await self.write(batch)

    async def write(self, batch: list[Waiting]) -> None:
        """Write some texts, and tell everybody how it went."""
        try:
            held = await run_in_vital_thread(store.save_partials, [text for text, _ in batch])
        except DatabaseError as error:
            if len(batch) > 1 and is_refused_value(error):
                # One that the database does not take keeps nobody else's from being kept.
                for each in batch:
                    await self.write([each])
                return
            tell(batch, error)
        except Exception as error:  # noqa: BLE001 -- those who wait are told
            tell(batch, error)
        except asyncio.CancelledError:
            for _, saved in batch:
                saved.cancel()
            raise
        else:
            for (run, _, _), saved in batch:
                if not saved.done():
                    saved.set_result(run.pk in held)

    async def close(self) -> None:
        """Write nothing more; whoever waits is told so."""
        await end_task(self.task)
        for _, saved in self.waiting:
            saved.cancel()


def tell(batch: list[Waiting], error: Exception) -> None:
    """Tell those who still wait what went wrong."""
    for _, saved in batch:
        if not saved.done():
            saved.set_exception(error)


savers = PerLoop(TextSaver, close=TextSaver.close)


async def save_text(lease: RunLease, run: Run, content: str, reasoning: str) -> bool:
    """Keep the text of a run; false when it is not held any more, raises `LeaseLost`."""
    text = (run, content, reasoning)
    return await ask_until_answered(lease, lambda: savers.get().save(text))


def seconds_until_save(now: float) -> float:
    """How long to wait for the next save: at most the time between two, until a common moment."""
    longest = config.agent.save_seconds
    return longest - (now + longest) % (longest / MOMENTS)
