"""Forgetting events, arrived or not, so that the outbox of a paused endpoint has an end."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from youworker.core.config import config
from youworker.webhooks.models import Event

BATCH = 2000


def forget_events() -> int:
    """Remove events older than `WEBHOOK_RETENTION_DAYS` with their deliveries; how many."""
    before = timezone.now() - timedelta(days=config.webhook.retention_days)
    # One without deliveries may be getting them at this moment.
    old = Event.objects.filter(created_at__lt=before, distributed=True).order_by("created_at")
    removed = 0
    while batch := list(old.values_list("pk", flat=True)[:BATCH]):
        Event.objects.filter(pk__in=batch).delete()
        removed += len(batch)
    return removed
