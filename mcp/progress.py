"""How far a call is, as its server tells it; imports no Django."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from youworker.core.storable import storable_text

if TYPE_CHECKING:
    from collections.abc import Callable

# People read no faster, and each of these is an entry of the log.
PAUSE_SECONDS = 0.5
LONGEST_MESSAGE = 200


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a call is; `total` is None where the server does not know."""

    done: float
    total: float | None = None
    message: str = ""


class ProgressTeller:
    """Passes on what one call tells of itself: the last of each half second, and no nonsense.

    `hide` gives a message back without what nobody may read.
    """

    def __init__(
        self, tell: Callable[[Progress], object], hide: Callable[[str], str] = str
    ) -> None:
        self.tell = tell
        self.hide = hide
        self.told_at = -math.inf

    async def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        """Tell it, unless something was told just now."""
        now = time.monotonic()
        if now - self.told_at < PAUSE_SECONDS or not math.isfinite(progress):
            return
        self.told_at = now
        known = total if total is not None and math.isfinite(total) and total > 0 else None
        shown = self.hide(storable_text(message or ""))[:LONGEST_MESSAGE]
        self.tell(Progress(progress, known, shown))
