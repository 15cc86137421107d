"""Conversations that are older than their users' rules allow, or of which nothing is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from chat.deletion import record_clearing, remove_sessions
from chat.enums import UNKEPT
from chat.models import Message, Run, Session
from groups.models import Group, LegalHold, Membership
from youworker.core.config import config

if TYPE_CHECKING:
    from uuid import UUID

    from chat.managers import SessionQuerySet

# So long after its end an answer that is not kept is read again by who lost their connection.
UNKEPT_SECONDS = 60


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


def unkept_sessions() -> SessionQuerySet:
    """Those whose answers ended a while ago; held users' stay."""
    ended = Run.objects.filter(
        thread=UNKEPT, finished_at__lte=Now() - timedelta(seconds=UNKEPT_SECONDS)
    )
    rows: SessionQuerySet = Session.all_objects.filter(pk__in=ended.values("session_id")).unkept()
    return rows.exclude(user_id__in=LegalHold.objects.held_users())


def erase_unkept() -> int:
    """Remove for good what nobody wants kept; how many conversations went."""
    return remove_sessions(unkept_sessions())["sessions_deleted"]
