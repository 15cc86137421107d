"""What the load did, how long it took, and what was wrong."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# Runs that are over; whatever else a run may be at the end of the load, it was forgotten.
FINAL_STATUSES = ("succeeded", "stopped", "failed", "interrupted")


class LoadFault(Exception):
    """The product did something else than it promises.

    `sentence` is the same for faults of one kind, `example` says where one of them was seen.
    """

    def __init__(self, sentence: str, example: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.example = example


@dataclass(slots=True)
class Ledger:
    """Everything that is counted while the load goes on."""

    acts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    # One for each kind: a product that is down would fill the memory otherwise.
    examples: dict[str, str] = field(default_factory=dict)
    latencies: dict[str, list[tuple[float, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    # Runs that were accepted and not yet seen to end, with the key that may ask for them.
    open_runs: dict[str, str] = field(default_factory=dict)
    # Documents that have to be there at the end, with the key that may read them.
    documents: dict[str, str] = field(default_factory=dict)

    def add_fault(self, fault: LoadFault) -> None:
        """Note a fault."""
        self.faults[fault.sentence] += 1
        self.examples.setdefault(fault.sentence, fault.example)

    @contextmanager
    def time(self, kind: str) -> Iterator[None]:
        """Note how long something took; what fails is not timed."""
        began = time.monotonic()
        yield
        self.latencies[kind].append((began, time.monotonic() - began))

    def forget_latencies(self) -> None:
        """Leave out what was timed so far: the load is warm now."""
        self.latencies.clear()
        self.acts.clear()

    def reasons(self) -> list[str]:
        """Each kind of fault with its number and an example."""
        return [
            f"{count} times {sentence}: {self.examples[sentence] or 'no example'}"
            for sentence, count in self.faults.most_common()
        ]

    def as_json(self) -> dict[str, Any]:
        """The counts as plain data."""
        return {"acts": dict(self.acts), "faults": dict(self.faults), "examples": self.examples}
