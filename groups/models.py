"""Groups and who is in them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from groups.enums import Role
from groups.managers import (
    GroupQuerySet,
    LegalHoldQuerySet,
    MembershipQuerySet,
    ServiceAccountQuerySet,
)
from youworker.core.fields import NameField
from youworker.core.managers import AliveManager
from youworker.core.models import SoftDeleteModel, TimestampedModel


class Group(SoftDeleteModel):
    """Users who share documents."""

    name = NameField(max_length=120)
    description = models.TextField(blank=True)
    # Days without activity after which members' conversations go; none: no rule of its own.
    retention_days = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(36500)]
    )
    members: models.ManyToManyField[models.Model, Membership] = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="member_of"
    )

    role: str  # only after `with_role_of()`
    member_count: int  # only after `with_member_count()`

    objects: ClassVar = AliveManager.from_queryset(GroupQuerySet)()
    all_objects: ClassVar = GroupQuerySet.as_manager()

    class Meta:
        base_manager_name = "all_objects"
        constraints = [
            models.UniqueConstraint(
                Lower("name"), condition=Q(deleted_at__isnull=True), name="group_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(TimestampedModel):
    """One user in one group."""

    group = models.ForeignKey(Group, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="group_memberships"
    )
    role = models.CharField(max_length=16, choices=Role, default=Role.MEMBER)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("group", "user", name="membership_once_per_user"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.group}"


class ServiceAccount(TimestampedModel):
    """Marks a user as a program's: it cannot sign in, and its group's admins make its keys."""

    # The mark outlives a group that is removed for good.
    group = models.ForeignKey(
        Group, models.SET_NULL, null=True, blank=True, related_name="service_accounts"
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="service_account"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ServiceAccountQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What its group calls it."""
        return self.user.shown_name


class LegalHold(TimestampedModel):
    """Nothing of this user, or of this group and its members, may be removed for good."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="legal_holds"
    )
    group = models.ForeignKey(
        Group, models.CASCADE, null=True, blank=True, related_name="legal_holds"
    )
    reason = models.TextField()
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    released_at = models.DateTimeField(null=True, editable=False)

    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=True) ^ Q(group__isnull=True),
                name="legal_hold_on_a_user_or_a_group",
            ),
        ]

    def __str__(self) -> str:
        return f"hold {self.pk}"
