"""Repositories of limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db.models import Q

from youworker.common.managers import BaseQuerySet

if TYPE_CHECKING:
    from accounts.models import User
    from quotas.models import Quota


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
