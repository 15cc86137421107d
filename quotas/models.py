"""Limits, and what was used."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey
from groups.models import Group
from quotas.enums import UsageKind, UsageOutcome
from quotas.managers import QuotaQuerySet, TokenUsageQuerySet
from youworker.core.models import TimestampedModel


class Quota(TimestampedModel):
    """How much a user, the members of a group together, or an API key may use.

    An empty limit is none of its own: for a user, the installation's (`QUOTA_…`) is in force.
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
                violation_error_message=_("Choose a user, a group or an API key: one of them."),
            ),
            # Files are not stored by a key, so it cannot be limited in them.
            models.CheckConstraint(
                condition=Q(api_key__isnull=True)
                | Q(stored_bytes__isnull=True, documents__isnull=True),
                name="quota_of_key_without_files",
                violation_error_message=_("A key is limited in tokens and answers only."),
            ),
        ]

    def __str__(self) -> str:
        return f"quota of {self.user or self.group or self.api_key}"


class UsageEvent(models.Model):
    """One thing that was done: who did it, when, by what, how it went and what it took.

    Never what it was about. A row is written once (a trigger sees to it): it outlives what was
    made, so that deleting that gives no quota back, and it loses its user when they are erased.
    """

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="usage_events",
        db_index=False,
    )
    api_key = models.ForeignKey(
        ApiKey, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    # The groups the user was in then; none when nobody knows any more.
    group_ids = ArrayField(models.UUIDField(), null=True)
    kind = models.CharField(max_length=16, choices=UsageKind)
    # Of the model or the tool; the mode of a search, the type of a file.
    name = models.CharField(max_length=300, blank=True)
    outcome = models.CharField(max_length=16, choices=UsageOutcome)
    tokens_in = models.PositiveBigIntegerField(default=0)
    tokens_out = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    duration_ms = models.PositiveBigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["created_at"], name="usage_event_at"),
            models.Index(fields=["user", "created_at"], name="usage_event_of_user"),
            models.Index(
                fields=["api_key"],
                condition=Q(api_key__isnull=False),
                name="usage_event_of_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.get_outcome_display()} {self.pk}"


class TokenUsage(models.Model):
    """Tokens of one user, by way of one key or of none, on one day of the installation's zone.

    Sums of the events, so that no quota has to read a month of them.
    """

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="token_usage", db_index=False
    )
    api_key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, related_name="token_usage")
    day = models.DateField()
    tokens_in = models.PositiveBigIntegerField(default=0)
    tokens_out = models.PositiveBigIntegerField(default=0)

    objects = TokenUsageQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "token usage"
        indexes = [
            # Not unique: two requests at once add a row each instead of waiting for each other.
            models.Index(fields=["user", "day"], name="token_usage_of_user"),
            models.Index(fields=["api_key", "day"], name="token_usage_of_key"),
        ]

    def __str__(self) -> str:
        return f"{self.tokens_in + self.tokens_out} on {self.day}"
