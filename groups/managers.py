"""Repositories of groups and memberships."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db.models import Q

from groups.enums import Role
from youworker.common.managers import BaseQuerySet, SoftDeleteQuerySet

if TYPE_CHECKING:
    from accounts.models import User
    from groups.models import Group, Membership, Quota


class GroupQuerySet(SoftDeleteQuerySet["Group"]):
    """Groups."""

    def visible_to(self, user: User) -> Self:
        """Limit to groups the user is a member of; a subquery, so rows stay single."""
        own = self.model.members.through.objects.filter(user=user)
        return self.filter(pk__in=own.values("group_id"))

    def managed_by(self, user: User) -> Self:
        """Limit to groups the user is an admin of."""
        own = self.model.members.through.objects.filter(user=user, role=Role.ADMIN)
        return self.filter(pk__in=own.values("group_id"))


class MembershipQuerySet(BaseQuerySet["Membership"]):
    """Who belongs where."""

    def visible_to(self, user: User) -> Self:
        """Limit to members of the user's own groups."""
        own = self.model.objects.filter(user=user, group__deleted_at__isnull=True)
        return self.filter(group_id__in=own.values("group_id"))

    def admins(self) -> Self:
        """Limit to those who manage their group."""
        return self.filter(role=Role.ADMIN)


class QuotaQuerySet(BaseQuerySet["Quota"]):
    """Limits of users, groups and keys."""

    def in_force_for(self, user: User, key_id: Any = None) -> Self:
        """Limit to those that count for a user: his own, his groups' and the key's he shows."""
        own = Q(user=user) | Q(group__memberships__user=user, group__deleted_at__isnull=True)
        if key_id is not None:
            own |= Q(api_key=key_id)
        return self.filter(own).select_related("group", "api_key").order_by("pk")
