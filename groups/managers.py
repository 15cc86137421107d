"""Repositories of groups and memberships."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower

from groups.enums import Role
from youworker.core.managers import BaseQuerySet, SoftDeleteQuerySet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User
    from groups.models import Group, LegalHold, Membership, ServiceAccount


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

    def matching(self, text: str) -> Self:
        """Limit to groups with a text in their name or description."""
        return self.filter(Q(name__icontains=text) | Q(description__icontains=text))

    def sorted_by(self, ordering: str) -> Self:
        """Sort by `name` or `created_at`, with `-` downwards; names whatever their case."""
        key: Any = Lower("name") if ordering.endswith("name") else F("created_at")
        return self.order_by(key.desc() if ordering.startswith("-") else key.asc(), "pk")

    def named(self, names: Iterable[str]) -> Self:
        """Limit to groups of these names, which are given in lower case."""
        return self.alias(folded=Lower("name")).filter(Q(folded__in=names))

    def with_role_of(self, user: User) -> Self:
        """Annotate `role`: what the user is in each group."""
        own = self.model.members.through.objects.filter(group=OuterRef("pk"), user=user)
        return self.annotate(role=Subquery(own.values("role")))

    def with_member_count(self) -> Self:
        """Annotate `member_count`: how many members each group has."""
        inside = self.model.members.through.objects.filter(group=OuterRef("pk"))
        count = inside.order_by().values("group").annotate(n=Count("pk")).values("n")
        return self.annotate(member_count=Coalesce(Subquery(count), 0))

    def without_admin(self) -> Self:
        """Limit to living groups that nobody who is active manages."""
        memberships = self.related_rows("memberships", MembershipQuerySet)
        managed = memberships.active_people().admins()
        return self.filter(deleted_at__isnull=True).exclude(pk__in=managed.values("group_id"))

    def locked(self) -> Self:
        """Lock the groups until the transaction ends, in an order that cannot deadlock.

        Not exclusively: rows that refer to a group may still be written by others.
        """
        return self.order_by("pk").select_for_update(of=("self",), no_key=True)


class MembershipQuerySet(BaseQuerySet["Membership"]):
    """Who belongs where."""

    def visible_to(self, user: User) -> Self:
        """Limit to members of the user's own groups."""
        own = self.model.objects.filter(user=user, group__deleted_at__isnull=True)
        return self.filter(group_id__in=own.values("group_id"))

    def admins(self) -> Self:
        """Limit to those who manage their group."""
        return self.filter(role=Role.ADMIN)

    def active_people(self) -> Self:
        """Limit to active people: those who could manage a group."""
        return self.filter(user__is_active=True, user__service_account__isnull=True)

    def with_user(self) -> Self:
        """Load the users along, and whether they are service accounts."""
        return self.select_related("user__service_account")


class ServiceAccountQuerySet(BaseQuerySet["ServiceAccount"]):
    """Users of programs."""

    def visible_to(self, user: User) -> Self:
        """Limit to those in use, of living groups the user is an admin of."""
        return self.in_use().filter(
            group__deleted_at__isnull=True,
            group__memberships__user=user,
            group__memberships__role=Role.ADMIN,
        )

    def in_use(self) -> Self:
        """Limit to those that were not removed."""
        return self.filter(ended_at__isnull=True)

    def with_people(self) -> Self:
        """Load along what is shown beside the row."""
        return self.select_related("user", "created_by")


class LegalHoldQuerySet(BaseQuerySet["LegalHold"]):
    """What keeps data from being removed for good."""

    def in_force(self) -> Self:
        """Limit to holds that were not lifted."""
        return self.filter(released_at__isnull=True)

    def covering(self, user: User) -> Self:
        """Limit to holds in force on a user, or on a group of theirs."""
        own = self.related_rows("group", GroupQuerySet).visible_to(user)
        return self.in_force().filter(Q(user=user) | Q(group__in=own.values("pk")))

    def held_groups(self) -> Any:
        """The ids of groups under a hold, as a subquery."""
        return self.in_force().filter(group__isnull=False).values("group_id")

    def held_users(self) -> Any:
        """The ids of users under a hold, as a subquery."""
        named = self.in_force().filter(user__isnull=False).values("user_id")
        groups = self.related_rows("group", GroupQuerySet)
        members = groups.related_rows("memberships", MembershipQuerySet)
        grouped = members.filter(group__in=self.held_groups()).values("user_id")
        users = self.related_rows("user", QuerySet)
        return users.filter(Q(pk__in=named) | Q(pk__in=grouped)).order_by().values("pk")
