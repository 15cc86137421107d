"""A time limit that can be moved at every network read without arming a timer each time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


class Clock:
    """Limits single waits of one model turn, and the turn as a whole.

    `with clock.until(deadline): await …` raises `TimeoutError` as `asyncio.timeout` does, which
    costs three microseconds a read where this costs one: the timer stays armed between waits
    and moves itself when it rings too early.
    """

    def __init__(self, total: float) -> None:
        self.loop = asyncio.get_running_loop()
        self.end = self.loop.time() + total
        self.deadline = self.end
        self.timer: asyncio.TimerHandle | None = None
        self.waiting: asyncio.Task[object] | None = None
        self.cancelling = 0
        self.rang = False

    @property
    def is_over(self) -> bool:
        """Whether the time of the whole turn is used up."""
        return self.loop.time() >= self.end

    def until(self, deadline: float) -> Self:
        """Limit the next wait to a moment on the loop's clock."""
        self.deadline = min(deadline, self.end)
        return self

    def __enter__(self) -> Self:
        self.waiting = task = asyncio.current_task()
        if task is None:
            raise RuntimeError("A clock is used inside a task.")
        self.cancelling = task.cancelling()
        if self.timer is None or self.timer.when() > self.deadline:
            self.arm()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        task, self.waiting = self.waiting, None
        if not self.rang or task is None:
            return
        self.rang = False
        # A cancellation by somebody else at the same moment goes first.
        if task.uncancel() <= self.cancelling and isinstance(error, asyncio.CancelledError):
            raise TimeoutError from error

    def arm(self) -> None:
        """Set the timer to the present deadline."""
        self.stop()
        self.timer = self.loop.call_at(self.deadline, self.ring)

    def ring(self) -> None:
        """End the wait if its deadline has come, else wait for the moved one."""
        self.timer = None
        if self.waiting is None:
            return
        if self.loop.time() < self.deadline:
            self.arm()
            return
        self.rang = True
        self.waiting.cancel()

    def stop(self) -> None:
        """Put the timer away."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
