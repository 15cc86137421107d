"""Leases in tests: time that has passed, without waiting for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models.functions import Now

from youworker.core.leases import lease_end

if TYPE_CHECKING:
    from django.db.models.expressions import Combinable

    from youworker.core.leases import LeasedQuerySet

PAST = timedelta(hours=1)
# Seconds: no test takes so long, so pauses end when it says so.
LONG_PAUSE = 600


def let_leases_end(rows: LeasedQuerySet[Any], *, seen: bool = True) -> int:
    """Let the leases of rows be over for long; `seen`: somebody has looked at them since."""
    over = Now() - PAST
    return rows.update(lease_until=over, lease_suspected_at=over if seen else None)


def long_lease_end(seconds: float) -> Combinable:
    """Stands for `lease_end` where pauses between tries are written."""
    return lease_end(max(seconds, LONG_PAUSE))
