"""Base classes of the models, and the rows that belong to no domain."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import DatabaseError, models
from django.utils import timezone

from youworker.core.exceptions import NotFound
from youworker.core.ids import uuid7
from youworker.core.managers import IdempotencyQuerySet, KeyFingerprintQuerySet


class TimestampedModel(models.Model):
    """A row with a public id and its times."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def save_fields(self, *names: str) -> None:
        """Write just these fields and the time of the change.

        Raises `NotFound` when the row was removed since it was read.
        """
        try:
            self.save(update_fields=[*names, "updated_at"])
        except DatabaseError as error:
            # Errors of the database itself have a cause; this one Django raises for no row.
            if type(error) is DatabaseError and error.__cause__ is None:
                raise NotFound("Not found.") from error
            raise


class SoftDeleteModel(TimestampedModel):
    """A row that is hidden first and removed later.

    Subclasses declare `objects` (alive rows) and `all_objects` (every row).
    """

    deleted_at = models.DateTimeField(null=True, blank=True, editable=False, db_index=True)

    class Meta:
        abstract = True

    @property
    def is_deleted(self) -> bool:
        """Whether the row is hidden."""
        return self.deleted_at is not None

    def soft_delete(self) -> None:
        """Hide the row."""
        self.deleted_at = timezone.now()
        self.save_fields("deleted_at")

    def restore(self) -> None:
        """Show the row again."""
        self.deleted_at = None
        self.save_fields("deleted_at")

    def hard_delete(self) -> tuple[int, dict[str, int]]:
        """Remove the row for good."""
        return super().delete()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse: a caller has to say which kind of deletion is meant."""
        raise TypeError("Use soft_delete() or hard_delete().")


class KeyFingerprint(models.Model):
    """Which encryption keys this database was written with; never the keys."""

    fingerprint = models.CharField(max_length=64, primary_key=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Since when nothing is encrypted with the key, so that it may be dropped.
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = KeyFingerprintQuerySet.as_manager()

    def __str__(self) -> str:
        return self.fingerprint[:12]


class IdempotentRequest(models.Model):
    """The first answer to a request that may be sent again."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    answer = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)

    objects = IdempotencyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("user", "key", name="idempotent_request_once_per_user"),
        ]

    def __str__(self) -> str:
        return self.key


class AuditLink(models.Model):
    """The place of one audit entry in the hash chain; written by the database at each commit."""

    seq = models.BigIntegerField(primary_key=True)
    # No foreign key: a link has to outlive an entry that was deleted by force.
    entry_id = models.BigIntegerField(unique=True)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    linked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.seq}: {self.hash[:12]}"


class AuditCheckpoint(models.Model):
    """A signed statement that the chain had this head at this time."""

    id = models.BigAutoField(primary_key=True)
    seq = models.BigIntegerField(db_index=True)
    hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Which key signed, and the signature.
    key = models.CharField(max_length=16)
    mac = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.seq}: {self.hash[:12]}"
