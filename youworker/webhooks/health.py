"""How webhooks do, for the page of health and the doctor."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone

from youworker.appliance.health.checks import DETAILED
from youworker.core.words import phrased
from youworker.webhooks.enums import EndpointState
from youworker.webhooks.models import Delivery, Endpoint, Event

# Attempts come every few seconds: what is due for so long, nobody sends.
LATE = timedelta(minutes=10)


def check_webhooks() -> dict[str, Any]:
    """No endpoint is paused because it failed, and what is due is sent."""
    rows = Endpoint.objects.order_by().values_list("state").annotate(count=Count("pk"))
    counts = dict.fromkeys(EndpointState.values, 0) | dict(rows)
    if not any(counts.values()):
        return {"webhooks": 0}
    if has_late(timezone.now() - LATE):
        raise LookupError(phrased("Webhooks are not sent: look at the worker and at beat."))
    pending = Delivery.objects.pending().count()
    found: dict[str, Any] = {**counts, "waiting": pending, "warning": False}
    broken = counts[EndpointState.FAILING] + counts[EndpointState.GONE]
    if broken:
        found["detail"] = phrased(
            "%(count)s paused after failures, or gone: look at their last error in the admin under"
            " “Webhooks”, then resume them.",
            count=broken,
        )
        found["warning"] = True
    return found


def has_late(before: datetime) -> bool:
    """Whether something should have been sent before a time and nobody tried."""
    if Event.objects.undistributed().filter(created_at__lt=before).exists():
        return True
    due = Delivery.objects.pending().filter(due_at__lt=before)
    # Each attempt, and whoever resumes an endpoint, changes its row.
    idle = due.filter(endpoint__state=EndpointState.ACTIVE, endpoint__updated_at__lt=before)
    return idle.exclude(endpoint__rest_until__gte=before).exists()


def register() -> None:
    """Add the check to those of the page of health."""
    DETAILED["webhooks"] = check_webhooks
