"""The repositories every domain queryset starts from."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

if TYPE_CHECKING:
    from youworker.core.models import IdempotentRequest, KeyFingerprint

ModelT_co = TypeVar("ModelT_co", bound=models.Model, covariant=True)
RowsT = TypeVar("RowsT", bound=models.QuerySet[Any])


class BaseQuerySet(models.QuerySet[ModelT_co]):
    """Typed reads shared by all repositories."""

    def newest_first(self) -> Self:
        """Latest first, with the id as tie-break so that pages never overlap."""
        return self.order_by("-created_at", "-pk")

    def oldest_first(self) -> Self:
        """Earliest first, with the id as tie-break."""
        return self.order_by("created_at", "pk")

    def related_rows(self, relation: str, repository: type[RowsT]) -> RowsT:
        """All rows, hidden ones included, of the model a relation of this one leads to.

        So that no manager has to import a model, which imports managers.
        """
        model: Any = self.model._meta.get_field(relation).related_model
        rows = getattr(model, "all_objects", model.objects).all()
        if not isinstance(rows, repository):
            raise TypeError(f"{self.model.__name__}.{relation} does not lead to {repository}.")
        return rows


class SoftDeleteQuerySet(BaseQuerySet[ModelT_co]):
    """Rows that are hidden first and removed later."""

    def alive(self) -> Self:
        """Limit to rows that are not deleted."""
        return self.filter(deleted_at__isnull=True)

    def deleted(self) -> Self:
        """Limit to rows that wait for their removal."""
        return self.filter(deleted_at__isnull=False)

    def soft_delete(self) -> int:
        """Hide every row; the count of rows that were visible before."""
        # The database's clock: whether a file was handed in before or after decides its fate.
        return self.alive().update(deleted_at=Now())

    def restore(self) -> int:
        """Show every hidden row again; the count of rows that came back."""
        return self.deleted().update(deleted_at=None)

    def hard_delete(self) -> tuple[int, dict[str, int]]:
        """Remove the rows for good."""
        return super().delete()

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse: a caller has to say which kind of deletion is meant."""
        raise TypeError("Use soft_delete() or hard_delete().")


class AliveManager(models.Manager[ModelT_co]):
    """Hides deleted rows; combine with a queryset by `from_queryset`."""

    def get_queryset(self) -> models.QuerySet[ModelT_co]:
        return super().get_queryset().filter(deleted_at__isnull=True)

    def __class_getitem__(cls, *args: Any) -> Any:
        return cls


class KeyFingerprintQuerySet(BaseQuerySet["KeyFingerprint"]):
    """Keys this database was written with."""

    def retired(self) -> Self:
        """Limit to keys that nothing is encrypted with any more."""
        return self.filter(retired_at__isnull=False)

    def retire(self) -> int:
        """Note that nothing is encrypted with these any more; the count of those still in use."""
        return self.filter(retired_at__isnull=True).update(retired_at=timezone.now())


class IdempotencyQuerySet(models.QuerySet["IdempotentRequest"]):
    """Remembered answers."""

    def expired(self) -> Self:
        """Those that are older than the 24 hours they are promised for."""
        return self.filter(created_at__lt=timezone.now() - timedelta(hours=24))
