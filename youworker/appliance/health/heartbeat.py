"""The sign of life of beat, which has no other: it is kept in Redis, and its age is Redis's own."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from celery.signals import after_task_publish

from youworker.core.effects import attempt
from youworker.core.redis import sync_redis

KEY = "yw:beat"
KEPT_SECONDS = 86_400
# Beat queues something every few seconds; so often at most that is noted.
PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """How many seconds ago beat gave its last sign, and for how long it has run."""

    age: float
    running: float


class Pulse:
    """Notes that beat has queued something; belongs to beat's process."""

    def __init__(self) -> None:
        self.began = self.noted = 0.0

    def begin(self) -> None:
        """Note the start, and from now on whatever is queued."""
        self.began = time.monotonic()
        self.note()
        after_task_publish.connect(self.note, weak=False)

    def note(self, **_: Any) -> None:
        """Give a sign, unless that was done a moment ago."""
        now = time.monotonic()
        if self.noted and now - self.noted < PAUSE_SECONDS:
            return
        self.noted = now
        running = int(now - self.began)
        keep = partial(sync_redis().set, KEY, running, ex=KEPT_SECONDS)
        attempt("noting that beat works", keep)


def read_heartbeat() -> Heartbeat | None:
    """The last sign of life; None when there was none for a day. Raises `RedisError`."""
    with sync_redis().pipeline() as both:
        both.get(KEY)
        both.pttl(KEY)
        running, left = both.execute()
    if running is None:
        return None
    age = max(0.0, KEPT_SECONDS - left / 1000)
    return Heartbeat(age, float(running) + age)
