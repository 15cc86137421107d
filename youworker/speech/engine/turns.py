"""Who works when: one at a time, people before recordings, and not for ever."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from youworker.speech.engine.exceptions import BUSY, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

# Ends the process: its supervisor starts a new one.
STUCK = 75


class Turns:
    """Turns at something that one can use at a time."""

    def __init__(self, *, most_waiting: int) -> None:
        self.most_waiting = most_waiting
        self.waiting = self.urgent = 0
        self.is_taken = False
        self.changed = threading.Condition()

    @contextmanager
    def take(self, *, is_urgent: bool) -> Iterator[None]:
        """Wait for a turn; raises `Trouble` when too many wait already."""
        with self.changed:
            if is_urgent and self.urgent >= self.most_waiting:
                raise Trouble(BUSY)
            self.urgent += is_urgent
            try:
                self.changed.wait_for(lambda: not self.is_taken and (is_urgent or not self.urgent))
            finally:
                self.urgent -= is_urgent
            self.is_taken = True
        try:
            yield
        finally:
            with self.changed:
                self.is_taken = False
                self.changed.notify_all()


class Clock:
    """Ends the process when a piece of work takes longer than it may.

    Nothing else ends a library that is stuck in C.
    """

    def __init__(self) -> None:
        self.deadlines: dict[int, float] = {}
        self.numbers = iter(range(sys.maxsize))
        self.lock = threading.Lock()

    @contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Work that may take so many seconds."""
        with self.lock:
            number = next(self.numbers)
            self.deadlines[number] = time.monotonic() + seconds
        try:
            yield
        finally:
            with self.lock:
                del self.deadlines[number]

    def watch(self) -> None:
        """Look once a second, for ever."""
        while True:
            time.sleep(1)
            with self.lock:
                is_late = any(end < time.monotonic() for end in self.deadlines.values())
            if is_late:
                print("speech: a piece of work is stuck", file=sys.stderr, flush=True)  # noqa: T201
                os._exit(STUCK)
