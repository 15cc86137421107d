"""Forgetting what was used long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from groups.models import LegalHold
from quotas.models import TokenUsage, UsageEvent
from youworker.core.config import config

if TYPE_CHECKING:
    from django.db.models import QuerySet

# Quotas need the tokens of a month, which is a little longer in other time zones.
SHORTEST_TOKEN_DAYS = 33
BATCH = 5000


def apply_retention(*, dry_run: bool = False) -> dict[str, int]:
    """Remove usage that is older than `USAGE_RETENTION_DAYS`; how many rows of which kind.

    That of users under a legal hold stays.
    """
    counts = {"usage_events_deleted": 0, "token_days_deleted": 0}
    days = config.privacy.usage_retention_days
    if not days:
        return counts
    now = timezone.now()
    first_day = (now - timedelta(days=max(days, SHORTEST_TOKEN_DAYS))).date()
    events = UsageEvent.objects.filter(created_at__lt=now - timedelta(days=days))
    tokens = TokenUsage.objects.filter(day__lt=first_day)
    for name, rows in zip(counts, (events, tokens), strict=True):
        counts[name] = remove_unheld(rows, dry_run=dry_run)
    return counts


def remove_unheld(rows: QuerySet[Any], *, dry_run: bool) -> int:
    """Remove rows a batch at a time, but none of a user under a legal hold; how many."""
    old = rows.exclude(user__in=LegalHold.objects.held_users())
    if dry_run:
        return old.count()
    removed = 0
    while batch := list(old.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        # Looked at again by this statement: a hold may have come since.
        removed += old.filter(pk__in=batch).delete()[0]
    return removed
