"""Endpoints, what happened, and what was sent of it to whom."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from youworker.core.models import TimestampedModel
from youworker.encryption.fields import EncryptedTextField
from youworker.webhooks.enums import DeliveryStatus, EndpointState
from youworker.webhooks.managers import DeliveryQuerySet, EndpointQuerySet, EventQuerySet

LONGEST_URL = 1000
LONGEST_ACTION = 64


class Endpoint(TimestampedModel):
    """Where another program is told what happens here."""

    url = models.CharField(max_length=LONGEST_URL)
    description = models.CharField(max_length=200, blank=True, default="")
    # Triggers compare with these.
    actions = ArrayField(models.CharField(max_length=LONGEST_ACTION))
    # Shown once; the former one signs as well until its time is over.
    secret = EncryptedTextField(editable=False)
    former_secret = EncryptedTextField(blank=True, default="", editable=False)
    former_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    state = models.CharField(
        max_length=16, choices=EndpointState, default=EndpointState.ACTIVE, editable=False
    )
    # In a row; until when it is left alone because of them, or because it asked for that.
    failures = models.PositiveIntegerField(default=0, editable=False)
    rest_until = models.DateTimeField(null=True, blank=True, editable=False)
    last_error = models.CharField(max_length=500, blank=True, default="", editable=False)
    last_success_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Until then one process sends to it; and when one last began to.
    busy_until = models.DateTimeField(null=True, editable=False)
    served_at = models.DateTimeField(null=True, editable=False)

    objects = EndpointQuerySet.as_manager()

    def __str__(self) -> str:
        # Lists are exported: the path and the query of many addresses are keys.
        return self.description or urlsplit(self.url).hostname or str(self.pk)

    @property
    def secrets(self) -> list[str]:
        """The secrets that sign at present, the newest first."""
        overlaps = (
            self.former_secret_until is not None and self.former_secret_until > timezone.now()
        )
        return [self.secret, self.former_secret] if overlaps else [self.secret]


class Event(models.Model):
    """Something that happened, written by a trigger in the transaction in which it happened."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    action = models.CharField(max_length=LONGEST_ACTION)
    # Ids, numbers and words of fixed vocabularies, never content.
    data: Any = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    # Whether there is a delivery for each endpoint that wants to be told.
    distributed = models.BooleanField(default=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(distributed=False),
                name="webhook_event_undistributed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"


class Delivery(TimestampedModel):
    """One event for one endpoint, and every attempt to hand it over."""

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries")
    status = models.CharField(max_length=16, choices=DeliveryStatus, default=DeliveryStatus.PENDING)
    # Since it was first, or again, to be sent.
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    # Of the last attempt; and [{"at": …, "status": …, "ms": …, "error": …}] of the last ones.
    status_code = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=500, blank=True, default="")
    log: Any = models.JSONField(default=list)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("endpoint", "event", name="webhook_delivery_once"),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "due_at"],
                condition=Q(status=DeliveryStatus.PENDING),
                name="webhook_delivery_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.endpoint_id}"
