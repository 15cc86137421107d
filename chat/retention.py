"""Conversations that are older than the rules of their users allow."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils import timezone

from chat.deletion import record_clearing, remove_sessions
from chat.models import Message, Session
from groups.models import Group, LegalHold, Membership
from youworker.core.config import config

if TYPE_CHECKING:
    from uuid import UUID

    from chat.managers import SessionQuerySet


def expired_sessions() -> SessionQuerySet:
    """Conversations without activity for longer than the shortest rule that applies to their users.

    A rule is `RETENTION_DAYS`, or one of a group the user is in. Held users' stay.
    """
    now = timezone.now()
    rules = Q(pk__in=[])
    if config.privacy.retention_days:
        rules |= Q(active_at__lt=now - timedelta(days=config.privacy.retention_days))
    ruled = Group.objects.filter(retention_days__isnull=False)
    days: Any
    for days in ruled.order_by().values_list("retention_days", flat=True).distinct():
        members = Membership.objects.filter(group__in=ruled.filter(retention_days=days))
        rules |= Q(active_at__lt=now - timedelta(days=days), user_id__in=members.values("user_id"))
    found: SessionQuerySet = Session.all_objects.filter(rules)
    return found.exclude(user_id__in=LegalHold.objects.held_users())


def apply_retention(*, dry_run: bool = False) -> dict[str, int]:
    """Remove conversations that outlived their rules for good; how many of what."""
    if dry_run:
        sessions = expired_sessions()
        messages = Message.objects.filter(session__in=sessions.values("pk")).count()
        return {"sessions_deleted": sessions.count(), "messages_deleted": messages}
    total = {"sessions_deleted": 0, "messages_deleted": 0}
    owners = expired_sessions().order_by().values_list("user_id", flat=True).distinct()
    for user_id in list(owners):
        for name, count in clear_expired(user_id).items():
            total[name] += count
    return total


def clear_expired(user_id: UUID) -> dict[str, int]:
    """Remove what outlived its rules of one user."""
    sessions = expired_sessions().filter(user_id=user_id).select_related("user")
    user = getattr(sessions.first(), "user", None)
    counts = remove_sessions(sessions)
    if user is not None and counts["sessions_deleted"]:
        record_clearing(user, counts, actor=None, cause="retention")
    return counts
