"""Removes for good what was deleted long ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.apps import apps
from django.db.models import Q
from django.utils import timezone

from documents import services as documents
from groups.models import Group, LegalHold
from ingestion import services as ingestion
from youworker.common.models import IdempotentRequest, SoftDeleteModel
from youworker.common.validators import validate_range
from youworker.privacy.registry import treatment_of

if TYPE_CHECKING:
    from youworker.common.managers import SoftDeleteQuerySet

BATCH = 500
WITH_FILES = ("documents", "ingestion")
LONGEST_DAYS = 3650


@validate_range("days", 0, LONGEST_DAYS)
def purge_deleted(days: int, *, dry_run: bool = False) -> dict[str, int]:
    """Remove what was deleted more than `days` ago; how many of each kind."""
    before = timezone.now() - timedelta(days=days)
    # Rows with files are removed by their own apps.
    counts = {
        "ingestion runs": ingestion.purge_deleted(before, dry_run=dry_run),
        "documents": documents.purge_deleted(before, dry_run=dry_run),
    }
    for model in apps.get_models():
        if issubclass(model, SoftDeleteModel) and model._meta.app_label not in WITH_FILES:
            counts[str(model._meta.verbose_name_plural)] = purge_rows(model, before, dry_run)
    return counts


def purge_rows(model: type[SoftDeleteModel], before: datetime, dry_run: bool) -> int:  # noqa: FBT001
    """Remove the deleted rows of one model, a batch at a time; those under a legal hold stay."""
    everything = cast("Any", model).all_objects
    old: SoftDeleteQuerySet[Any] = everything.deleted().filter(deleted_at__lt=before)
    old = old.exclude(kept_by_hold(model))
    if dry_run:
        return old.count()
    purged = 0
    while batch := list(old.values_list("pk", flat=True)[:BATCH]):
        everything.filter(pk__in=batch).hard_delete()
        purged += len(batch)
    return purged


def kept_by_hold(model: type[SoftDeleteModel]) -> Q:
    """The condition under which a legal hold keeps a row: on its owner, or on itself."""
    held = LegalHold.objects.held_users()
    kept = Q(pk__in=LegalHold.objects.held_groups()) if model is Group else Q(pk__in=[])
    for path in treatment_of(model).owners:
        kept |= Q(**{f"{path}__in": held})
    return kept


def forget_requests() -> int:
    """Remove answers that are remembered for longer than promised; how many there were."""
    return IdempotentRequest.objects.all().expired().delete()[0]
