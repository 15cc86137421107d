"""Leases: work that one process at a time holds, for as long as the database's clock says.

No process's own clock decides: one that is wrong would end the work of all others.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.apps import apps
from django.db import DatabaseError, connection, models
from django.db.models.functions import Now

from youworker.core.managers import BaseQuerySet
from youworker.core.processes import tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from django.db.models.expressions import Combinable

logger = logging.getLogger(__name__)

LeasedT_co = TypeVar("LeasedT_co", bound="LeasedModel", covariant=True)

# Between two looks at an expired lease a holder that was kept from renewing it, because the
# database hung or was away, has the time to do so.
LOOK_SECONDS = 5
# By then a sweeper should have seen that a lease is over.
LATE = timedelta(seconds=30)

# A worker that dies tells nothing about its work, which is why ten deaths in a row must not count
# like failures; work that takes every worker down with it is left alone all the same.
MAX_LOSSES = 20

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

    def due(self) -> Self:
        """Limit to what nobody holds and whose pause, if any, is over."""
        over = models.Q(lease_until__isnull=True) | models.Q(lease_until__lte=Now())
        return self.filter(over, lease_token__isnull=True)

    def lock_free(self, most: int) -> list[LeasedT_co]:
        """Lock up to so many rows, leaving out those that others lock at this moment."""
        return list(self.select_for_update(skip_locked=True, of=("self",))[:most])

    def expired(self) -> Self:
        """Limit to leases and pauses that are over."""
        return self.filter(lease_until__lt=Now())

    def long_expired(self) -> Self:
        """Limit to what is held under leases that were over some time ago."""
        return self.leased().filter(lease_until__lt=Now() - LATE)

    def suspect_expired(self) -> int:
        """Take a first look at expired leases; how many are newly suspected."""
        news = self.expired().filter(lease_suspected_at__isnull=True)
        # Row by row: a statement for all could deadlock with one that renews some of them.
        rows = list(news.values_list("pk", flat=True))
        return sum(news.filter(pk=pk).update(lease_suspected_at=Now()) for pk in rows)

    def lose(self, number: int) -> int:
        """Count as lost what the process with this number holds, which is gone; how much it was."""
        earlier = lease_end(-LOOK_SECONDS - 1)
        held = self.leased().filter(lease_token__range=tokens_of(number))
        return held.update(lease_until=earlier, lease_suspected_at=earlier)

    def lost(self) -> Self:
        """Limit to leases that were expired at an earlier look and still are."""
        earlier = Now() - timedelta(seconds=LOOK_SECONDS)
        return self.expired().filter(lease_suspected_at__lt=earlier)

    def renew(self, *, seconds: float) -> int:
        """Show that whoever holds this work is alive; how many rows there were."""
        return self.update(lease_until=lease_end(seconds), lease_suspected_at=None)


def lose_leases(number: int) -> int:
    """Count as lost what a process holds that is gone, of whatever kind; how much it was."""
    kinds: list[Any] = [model for model in apps.get_models() if issubclass(model, LeasedModel)]
    return sum(kind.objects.all().lose(number) for kind in kinds)


def reclaim_twice(reclaim: Callable[[], int]) -> int:
    """Take expired leases back, which takes a second look at those that nobody looked at."""
    taken = reclaim()
    if not taken:
        time.sleep(LOOK_SECONDS + 1)
        taken = reclaim()
    return taken


@contextmanager
def keep_lease_alive(held: LeasedQuerySet[Any], *, seconds: float) -> Iterator[None]:
    """Renew from a thread what the caller holds, so many seconds each time, in this block.

    What somebody took away meanwhile stays away: `held` selects by the caller's token.
    """
    over = Event()
    arguments = (held, seconds, over)
    keeper = Thread(target=renew_regularly, args=arguments, name="lease keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def renew_regularly(held: LeasedQuerySet[Any], seconds: float, over: Event) -> None:
    """Renew a lease whenever a quarter of it has passed: a failure leaves time for two more."""
    try:
        while not over.wait(seconds / 4):
            try:
                held.renew(seconds=seconds)
            except DatabaseError:
                logger.exception("A lease of %s could not be renewed", held.model.__name__)
                connection.close()
    finally:
        connection.close()


def lease_end(seconds: float) -> Combinable:
    """So many seconds from now, by the database's clock; a value for a row that is written."""
    return Now() + timedelta(seconds=seconds)


def new_lease(token: UUID, seconds: float) -> dict[str, Any]:
    """What a row looks like that was just claimed."""
    return {"lease_token": token, "lease_until": lease_end(seconds), "lease_suspected_at": None}


def elapsed_seconds() -> float:
    """A clock that nobody sets and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
