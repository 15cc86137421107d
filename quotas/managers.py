"""Repositories of limits, and of what was used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db.models import F, Q, QuerySet, Sum

from youworker.core.managers import BaseQuerySet

if TYPE_CHECKING:
    from datetime import date

    from accounts.models import User
    from quotas.models import Quota, TokenUsage
    from quotas.types import QuotaSubject


class QuotaQuerySet(BaseQuerySet["Quota"]):
    """Limits of users, groups and keys."""

    def in_force_for(self, user: User, key_id: Any = None) -> Self:
        """Limit to those that count for a user: their own, their groups', and the shown key's."""
        memberships: Any = user.group_memberships
        # A subquery: joined, every member of every group with a quota would be read.
        joined = memberships.filter(group__deleted_at__isnull=True).values("group_id")
        own = Q(user=user) | Q(group__in=joined)
        if key_id is not None:
            own |= Q(api_key=key_id)
        return self.filter(own).select_related("group", "api_key").order_by("pk")


class TokenUsageQuerySet(QuerySet["TokenUsage"]):
    """Tokens by day."""

    def since(self, day: date) -> Self:
        """Limit to a day and those after it."""
        return self.filter(day__gte=day)

    def used_by(self, subject: QuotaSubject) -> Self:
        """Limit to what counts for a subject of quotas."""
        if subject.key_id:
            return self.filter(api_key=subject.key_id)
        return self.filter(user__in=subject.user_ids())

    def total(self) -> int:
        """Tokens read and written."""
        found = self.aggregate(total=Sum(F("tokens_in") + F("tokens_out")))["total"]
        return int(found or 0)
