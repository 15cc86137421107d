"""How common each word is, from a sample of the passages."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field

from django.db import connection

SAMPLE = 3000  # passages; about 0.1 s once in a while
LIFETIME_SECONDS = 300.0
# A small corpus changes quickly and is cheap to look at again.
LIFETIME_SECONDS_SMALL = 15.0

SIZE = "SELECT coalesce(sum(passage_count), 0) FROM documents_document"
COUNT = "SELECT word, ndoc FROM ts_stat(%s) WHERE ndoc > 1"


@dataclass(frozen=True)
class Frequencies:
    """In how many of the sampled passages each word stands; words seen once are left out."""

    total: int = 0
    sampled: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    taken_at: float = -math.inf

    def share(self, word: str) -> float:
        """The estimated share of passages with the word, above 0."""
        return (self.counts.get(word, 0.5) + 0.5) / (self.sampled + 1)

    def weight(self, word: str) -> float:
        """BM25's inverse document frequency of the word."""
        share = min(self.share(word), 1.0)
        return math.log(1 + (1 - share) / share)

    @property
    def stale(self) -> bool:
        """Whether it is time to look again."""
        small = self.total <= SAMPLE
        lifetime = LIFETIME_SECONDS_SMALL if small else LIFETIME_SECONDS
        return time.monotonic() - self.taken_at > lifetime


class Sampler:
    """The latest sample of this process."""

    def __init__(self) -> None:
        self.current = Frequencies()
        self.lock = threading.Lock()

    def frequencies(self) -> Frequencies:
        """A sample young enough; one thread takes it while the others use the last one."""
        if self.current.stale and self.lock.acquire(blocking=self.current.sampled == 0):
            try:
                if self.current.stale:
                    self.current = take_sample()
            finally:
                self.lock.release()
        return self.current

    def forget(self) -> None:
        """Look again at the next search."""
        self.current = Frequencies()


def take_sample() -> Frequencies:
    """Count the words of some pages of the table of passages."""
    with connection.cursor() as cursor:
        cursor.execute(SIZE)
        total = int(cursor.fetchone()[0])
        percent = min(100.0, 100.0 * SAMPLE / max(total, 1))
        # ts_stat wants a statement as text; the only thing put into it is a number.
        table = f"documents_passage TABLESAMPLE SYSTEM ({percent:.6f})"
        cursor.execute(f"SELECT count(*) FROM {table} REPEATABLE (1)")  # noqa: S608 -- constants and numbers only
        sampled = int(cursor.fetchone()[0])
        cursor.execute(COUNT, [f"SELECT search FROM {table} REPEATABLE (1)"])  # noqa: S608 -- constants and numbers only
        counts = dict(cursor.fetchall())
    return Frequencies(total, sampled, counts, time.monotonic())


sampler = Sampler()
