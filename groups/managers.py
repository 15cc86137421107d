"""Repositories of groups and memberships."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Q

from groups.enums import Role
from youworker.common.managers import BaseQuerySet, SoftDeleteQuerySet

if TYPE_CHECKING:
    from accounts.models import User
    from groups.models import Group, LegalHold, Membership


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


class LegalHoldQuerySet(BaseQuerySet["LegalHold"]):
    """What keeps data from being removed for good."""

    def in_force(self) -> Self:
        """Limit to holds that were not lifted."""
        return self.filter(released_at__isnull=True)

    def covering(self, user: User) -> Self:
        """Limit to holds in force on a user, or on a group of his."""
        own = apps.get_model("groups", "Membership").objects.filter(user=user)
        return self.in_force().filter(Q(user=user) | Q(group__in=own.values("group_id")))

    def held_groups(self) -> Any:
        """The ids of groups under a hold, as a subquery."""
        return self.in_force().filter(group__isnull=False).values("group_id")

    def held_users(self) -> Any:
        """The ids of users under a hold, as a subquery."""
        named = self.in_force().filter(user__isnull=False).values("user_id")
        members = apps.get_model("groups", "Membership").objects
        grouped = members.filter(group__in=self.held_groups()).values("user_id")
        people = get_user_model().objects
        return people.filter(Q(pk__in=named) | Q(pk__in=grouped)).order_by().values("pk")
