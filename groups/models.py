"""Groups and who is in them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.models import ApiKey
from groups.enums import Role
from groups.managers import (
    GroupQuerySet,
    LegalHoldQuerySet,
    MembershipQuerySet,
    QuotaQuerySet,
    ServiceAccountQuerySet,
)
from youworker.common.managers import AliveManager
from youworker.common.models import SoftDeleteModel, TimestampedModel


class Group(SoftDeleteModel):
    """Users who share documents."""

    name = models.CharField(max_length=120)
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


class Quota(TimestampedModel):
    """How much a user, the members of a group together, or an API key may use.

    An empty limit is none of its own: for a user, the deployment's (`QUOTA_…`) is in force.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="quota"
    )
    group = models.OneToOneField(Group, models.CASCADE, null=True, blank=True, related_name="quota")
    api_key = models.OneToOneField(
        ApiKey, models.CASCADE, null=True, blank=True, related_name="quota"
    )
    tokens_per_day = models.PositiveBigIntegerField(null=True, blank=True)
    tokens_per_month = models.PositiveBigIntegerField(null=True, blank=True)
    stored_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    documents = models.PositiveBigIntegerField(null=True, blank=True)
    runs_at_once = models.PositiveIntegerField(null=True, blank=True)

    objects = QuotaQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, group__isnull=True, api_key__isnull=True)
                | Q(user__isnull=True, group__isnull=False, api_key__isnull=True)
                | Q(user__isnull=True, group__isnull=True, api_key__isnull=False),
                name="quota_of_one_subject",
                violation_error_message="Choose a user, a group or an API key: one of them.",
            ),
            # Files are not stored by a key, so it cannot be limited in them.
            models.CheckConstraint(
                condition=Q(api_key__isnull=True)
                | Q(stored_bytes__isnull=True, documents__isnull=True),
                name="quota_of_key_without_files",
                violation_error_message="A key is limited in tokens and answers only.",
            ),
        ]

    def __str__(self) -> str:
        return f"quota of {self.user or self.group or self.api_key}"


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
