"""The repositories of endpoints, events and deliveries."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db import models, transaction
from django.db.models.functions import Now

from youworker.core.managers import BaseQuerySet
from youworker.webhooks.enums import DeliveryStatus, EndpointState

if TYPE_CHECKING:
    from uuid import UUID

    from youworker.webhooks.models import Delivery, Endpoint, Event


class EndpointQuerySet(BaseQuerySet["Endpoint"]):
    """Endpoints; one process at a time sends to each of them."""

    def active(self) -> Self:
        """Limit to those that are sent something."""
        return self.filter(state=EndpointState.ACTIVE)

    def collecting(self) -> Self:
        """Limit to those for which events are kept; of paused ones, until they are too old."""
        return self.exclude(state=EndpointState.GONE)

    def ready(self) -> Self:
        """Limit to active ones that nobody sends to, and whose rest is over."""
        free = models.Q(busy_until__isnull=True) | models.Q(busy_until__lt=Now())
        rested = models.Q(rest_until__isnull=True) | models.Q(rest_until__lte=Now())
        return self.active().filter(free, rested)

    def with_due(self) -> Self:
        """Limit to those for which something is to be sent now."""
        deliveries = self.related_rows("deliveries", DeliveryQuerySet)
        return self.filter(models.Exists(deliveries.due().filter(endpoint=models.OuterRef("pk"))))

    @transaction.atomic
    def claim(self, most: int, *, seconds: float) -> list[UUID]:
        """Take up to so many that have something to be sent, those first that waited longest."""
        longest = models.F("served_at").asc(nulls_first=True)
        rows = self.ready().with_due().order_by(longest, "pk")
        ids = [one.pk for one in rows.select_for_update(skip_locked=True, of=("self",))[:most]]
        self.filter(pk__in=ids).update(
            busy_until=Now() + timedelta(seconds=seconds), served_at=Now()
        )
        return ids

    def set_aside(self, pk: UUID, *, seconds: float, error: str) -> None:
        """Leave an endpoint alone for so long, and say why."""
        until = Now() + timedelta(seconds=seconds)
        self.filter(pk=pk).update(rest_until=until, last_error=error)

    def release(self, pk: UUID) -> None:
        """Let others send to an endpoint."""
        self.filter(pk=pk).update(busy_until=None)


class EventQuerySet(BaseQuerySet["Event"]):
    """What happened and is to be told."""

    def undistributed(self) -> Self:
        """Limit to those for which there are no deliveries yet."""
        return self.filter(distributed=False)


class DeliveryQuerySet(BaseQuerySet["Delivery"]):
    """Events on their way to endpoints."""

    def pending(self) -> Self:
        """Limit to those that are still to arrive."""
        return self.filter(status=DeliveryStatus.PENDING)

    def due(self) -> Self:
        """Limit to those that are to be tried now."""
        return self.pending().filter(due_at__lte=Now())

    def longest_due_first(self) -> Self:
        """As an index has them; new ones are due in the order in which things happened."""
        return self.order_by("due_at", "pk")

    def with_event(self) -> Self:
        """Load the events along."""
        return self.select_related("event")

    def counted(self) -> dict[str, int]:
        """How many there are of each status."""
        rows: Any = self.order_by().values_list("status").annotate(count=models.Count("pk"))
        return dict(rows)
