"""Which model servers are left alone for a while because they failed this process."""

from __future__ import annotations

import threading
import time

# How long a server rests after its first failure; twice as long after each further one.
FIRST_REST, LONGEST_REST = 5.0, 120.0
# After a rest one caller may try; the others go on as before until its outcome is known.
TRY_SECONDS = 10.0


class Circuit:
    """Counts failures in a row, by address; any thread may ask.

    In memory: each process finds out by a question of its own, which goes on elsewhere.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.failures: dict[str, int] = {}
        self.until: dict[str, float] = {}

    def note_failure(self, address: str) -> None:
        """Count a request that brought nothing."""
        with self.lock:
            count = self.failures[address] = self.failures.get(address, 0) + 1
            # No number is large enough to matter beyond the longest rest.
            rest = min(FIRST_REST * 2.0 ** min(count - 1, 10), LONGEST_REST)
            self.until[address] = time.monotonic() + rest

    def note_answer(self, address: str) -> None:
        """Forget earlier failures: the server answered."""
        with self.lock:
            self.failures.pop(address, None)
            self.until.pop(address, None)

    def is_resting(self, address: str) -> bool:
        """Whether the server failed a moment ago."""
        return time.monotonic() < self.until.get(address, 0.0)

    def may_try(self, address: str) -> bool:
        """Whether a request may be sent: always to who did not fail, to others one after a rest."""
        with self.lock:
            if address not in self.until:
                return True
            now = time.monotonic()
            if now < self.until[address]:
                return False
            self.until[address] = now + TRY_SECONDS
            return True

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            self.failures.clear()
            self.until.clear()


circuit = Circuit()
