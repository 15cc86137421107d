"""Repositories of limits, and of what was used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import F, QuerySet, Sum

from youworker.core.managers import BaseQuerySet

if TYPE_CHECKING:
    from datetime import date

    from quotas.models import Quota, TokenUsage
    from quotas.types import QuotaSubject


class QuotaQuerySet(BaseQuerySet["Quota"]):
    """Limits of users, groups and keys."""


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
