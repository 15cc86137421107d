"""Leases in tests: time that has passed, without waiting for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models.functions import Now

if TYPE_CHECKING:
    from youworker.common.leases import LeasedQuerySet

PAST = timedelta(hours=1)


def let_leases_end(rows: LeasedQuerySet[Any], *, seen: bool = True) -> int:
    """Let the leases of rows be over for long; `seen`: somebody has looked at them since."""
    over = Now() - PAST
    return rows.update(lease_until=over, lease_suspected_at=over if seen else None)
