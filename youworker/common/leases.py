"""Leases: work that one process at a time holds, for as long as the database's clock says.

No process's own clock decides: one that is wrong would end the work of all others.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db import models
from django.db.models.functions import Now

from youworker.common.managers import BaseQuerySet

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models.expressions import Combinable

LeasedT_co = TypeVar("LeasedT_co", bound="LeasedModel", covariant=True)

# Between two looks at an expired lease a holder that was kept from renewing it, because the
# database hung or was away, has the time to do so.
LOOK_SECONDS = 5

# What a row looks like that nobody holds.
RELEASED: dict[str, Any] = {"lease_token": None, "lease_until": None, "lease_suspected_at": None}


class LeasedModel(models.Model):
    """Work that a process holds by `lease_token` until `lease_until`, or renews.

    Without a token that time is a pause before the next try, or how long a first try may take
    to come. `lease_suspected_at` is when somebody first saw the lease expired.
    """

    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    lease_suspected_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True


class LeasedQuerySet(BaseQuerySet[LeasedT_co]):
    """Work under leases. Only who was silent at two looks has lost what they held."""

    def held(self, token: UUID | None) -> Self:
        """Limit to what is held by this token."""
        return self.filter(lease_token=token)

    def leased(self) -> Self:
        """Limit to what somebody holds."""
        return self.filter(lease_token__isnull=False)

    def expired(self) -> Self:
        """Limit to leases and pauses that are over."""
        return self.filter(lease_until__lt=Now())

    def suspect_expired(self) -> int:
        """Take a first look at expired leases; how many are newly suspected."""
        news = self.expired().filter(lease_suspected_at__isnull=True)
        # Row by row: a statement for all could deadlock with one that renews some of them.
        rows = list(news.values_list("pk", flat=True))
        return sum(news.filter(pk=pk).update(lease_suspected_at=Now()) for pk in rows)

    def lost(self) -> Self:
        """Limit to leases that were expired at an earlier look and still are."""
        earlier = Now() - timedelta(seconds=LOOK_SECONDS)
        return self.expired().filter(lease_suspected_at__lt=earlier)

    def renew(self, *, seconds: float) -> int:
        """Show that whoever holds this work is alive; how many rows there were."""
        return self.update(lease_until=lease_end(seconds), lease_suspected_at=None)


def due_now() -> models.Q:
    """What has no lease, and whose pause, if any, is over."""
    over = models.Q(lease_until__isnull=True) | models.Q(lease_until__lte=Now())
    return models.Q(over, lease_token__isnull=True)


def lease_end(seconds: float) -> Combinable:
    """So many seconds from now, by the database's clock; a value for a row that is written."""
    return Now() + timedelta(seconds=seconds)


def new_lease(token: UUID, seconds: float) -> dict[str, Any]:
    """What a row looks like that was just claimed."""
    return {"lease_token": token, "lease_until": lease_end(seconds), "lease_suspected_at": None}


def elapsed_seconds() -> float:
    """A clock that nobody sets and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
