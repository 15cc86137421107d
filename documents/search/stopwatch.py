"""How long the parts of a search take."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTS = ("embed", "search", "rerank")


class Stopwatch:
    """Runs from when it is made, and measures named parts, in milliseconds."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.parts = dict.fromkeys(PARTS, 0.0)

    @contextmanager
    def measures(self, part: str) -> Iterator[None]:
        """Add the time of a block to a part."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.parts[part] = round(self.parts[part] + milliseconds_since(began), 1)

    def total(self) -> float:
        """The time so far."""
        return round(milliseconds_since(self.began), 1)


def milliseconds_since(began: float) -> float:
    """The milliseconds since a reading of the clock."""
    return (time.perf_counter() - began) * 1000
