"""Whether a pooler stands before the database that the product cannot work through."""

from __future__ import annotations

import threading
import time

from youworker.core.postgres.pooling import is_database_pooled

# Load balancers ask for health every few seconds, and poolers are not exchanged so often.
BELIEVED_SECONDS = 900.0


class Pooling:
    """What this process saw last."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.is_pooled = False
        self.until = 0.0

    def look(self) -> bool:
        """Whether connections are lent by transaction, as it was a while ago."""
        with self.lock:
            if time.monotonic() >= self.until:
                self.is_pooled = is_database_pooled()
                self.until = time.monotonic() + BELIEVED_SECONDS
            return self.is_pooled


pooling = Pooling()
