"""Limits."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import ApiKey
from groups.models import Group
from quotas.managers import QuotaQuerySet
from youworker.common.models import TimestampedModel


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
