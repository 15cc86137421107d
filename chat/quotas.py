"""What answers cost, measured against quotas before they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.models import TokenUsage
from chat.models import Run
from groups.enums import Measure
from groups.policies import limits_for, require_room, start_of

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User
    from groups.policies import Subject


def require_room_for_run(user: User, key_id: UUID | None) -> None:
    """Raise `QuotaExceeded` unless one more answer may begin; runs in the caller's transaction.

    How many tokens it will take is not known before: it is refused when none are left.
    """
    limits = limits_for(user, key_id)
    require_room(limits, Measure.RUNS_AT_ONCE, active_runs, adding=1)
    require_room(limits, Measure.TOKENS_PER_DAY, tokens_today, adding=1)
    require_room(limits, Measure.TOKENS_PER_MONTH, tokens_this_month, adding=1)


def active_runs(subject: Subject) -> int:
    """Answers in the making; those that wait for a decision take up nothing."""
    runs = Run.objects.working()
    if subject.key_id:
        return runs.filter(api_key=subject.key_id).count()
    return runs.filter(user__in=subject.owners()).count()


def tokens_today(subject: Subject) -> int:
    """Tokens of the day so far."""
    return tokens(subject, Measure.TOKENS_PER_DAY)


def tokens_this_month(subject: Subject) -> int:
    """Tokens of the month so far."""
    return tokens(subject, Measure.TOKENS_PER_MONTH)


def tokens(subject: Subject, measure: Measure) -> int:
    """Tokens since the period of a limit began."""
    used = TokenUsage.objects.since(start_of(measure, timezone.now()).date())
    if subject.key_id:
        return used.filter(api_key=subject.key_id).total()
    return used.filter(user__in=subject.owners()).total()
