"""Counts that all processes make together: gathered in memory, added up in Redis.

Whoever counts only adds to a number of this process; web processes and workers bring what they
gathered to Redis now and then, where every web process finds the sums when somebody asks. A
process that is killed loses a few seconds of counts, a Redis that is emptied lets them begin at
zero, which Prometheus expects of counters.
"""

from __future__ import annotations

import logging
import os
import threading
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from youworker.core.effects import BROKER_ERRORS, Outage
from youworker.core.redis import sync_redis

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)

HASH = "yw:metrics"
# When a worker last ended a task.
HEARTBEAT = "yw:metrics:worker"
# Between the parts of a field's name; no value has it.
SEPARATOR = "\x1f"
LONGEST_VALUE = 64
# What one process tells apart in a family; the rest is counted together.
MOST_SERIES = 100
REST = "other"
# What all processes together leave in Redis, over all versions that ever ran.
MOST_FIELDS = 20_000

# Family, part (of a histogram: the number of a bucket, or "sum"), values of the labels.
Series = tuple[str, str, tuple[str, ...]]

lock = threading.Lock()
pending: dict[Series, float] = {}
outage = Outage(logger, "counts cannot be added up, they are kept")


@dataclass(frozen=True)
class Family:
    """What is counted under one name, told apart by labels.

    Values of labels come from vocabularies or from operators, never from what people write.
    `known` series are shown from the start.
    """

    name: str
    about: str
    labels: tuple[str, ...] = ()
    known: tuple[tuple[str, ...], ...] = ()
    seen: set[tuple[str, ...]] = field(default_factory=set, init=False, compare=False)
    every: ClassVar[dict[str, Family]] = {}

    def __post_init__(self) -> None:
        self.every[self.name] = self

    def series(self, values: Sequence[str]) -> tuple[str, ...]:
        """The values under which something is counted; the caller holds the lock."""
        key = tuple(map(clean_value, values))
        if key not in self.seen:
            if len(self.seen) >= MOST_SERIES:
                return (REST,) * len(self.labels)
            self.seen.add(key)
        return key


class Counter(Family):
    """Something that is counted."""

    def add(self, *values: str, by: float = 1) -> None:
        """Count something."""
        with lock:
            add_pending((self.name, "", self.series(values)), by)


@dataclass(frozen=True)
class Histogram(Family):
    """Durations in seconds, sorted into buckets by their upper limits."""

    limits: tuple[float, ...] = ()

    def observe(self, seconds: float, *values: str) -> None:
        """Count one duration."""
        with lock:
            key = self.series(values)
            add_pending((self.name, str(bisect_left(self.limits, seconds)), key), 1)
            add_pending((self.name, "sum", key), max(seconds, 0.0))


def add_pending(series: Series, by: float) -> None:
    """Add to what is to be brought to Redis; the caller holds the lock."""
    pending[series] = pending.get(series, 0.0) + by


def clean_value(value: str) -> str:
    """A label's value without what is invisible, and not too long."""
    return "".join(filter(str.isprintable, value[: 2 * LONGEST_VALUE]))[:LONGEST_VALUE]


def flush() -> bool:
    """Bring what was counted to Redis; false when that has to wait, because Redis is away."""
    with lock:
        taken = dict(pending)
        pending.clear()
    try:
        if taken:
            send_counts(taken)
    except BROKER_ERRORS as error:
        outage.begin(error)
        with lock:
            for series, by in taken.items():
                add_pending(series, by)
        return False
    outage.end()
    return True


def send_counts(counts: dict[Series, float]) -> None:
    """Add the counts to the sums, all or none."""
    with sync_redis().pipeline(transaction=True) as pipe:
        for (name, part, values), by in counts.items():
            pipe.hincrbyfloat(HASH, SEPARATOR.join((name, part, *values)), by)
        pipe.hlen(HASH)
        size = int(pipe.execute()[-1])
    if size > MOST_FIELDS:
        logger.warning("there are %d sums of counts, so they begin at zero again", size)
        sync_redis().delete(HASH)


def read_sums() -> dict[Series, float]:
    """The sums of all processes; raises what Redis does when it is away."""
    sums: dict[Series, float] = {}
    found: dict[bytes, bytes] = sync_redis().hgetall(HASH)  # type: ignore[assignment]
    for key, value in found.items():
        name, part, *values = key.decode(errors="replace").split(SEPARATOR)
        family = Family.every.get(name)
        # Other versions may count other things, or tell them apart otherwise.
        if family is not None and len(values) == len(family.labels):
            sums[name, part, tuple(values)] = float(value)
    return sums


def forget_pending() -> None:
    """Begin a forked process with no counts of its parent, which brings them itself."""
    global lock  # noqa: PLW0603 -- another thread of the parent may have held it
    lock = threading.Lock()
    pending.clear()


os.register_at_fork(after_in_child=forget_pending)
