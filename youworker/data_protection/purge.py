"""Removes for good what was deleted long ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.apps import apps
from django.db.models import Q
from django.utils import timezone

from chat import services as chat
from chat.deletion import remove_sessions
from chat.models import Session
from documents import services as documents
from groups.models import Group, LegalHold
from ingestion import services as ingestion
from quotas import retention as quotas
from youworker.core.models import IdempotentRequest, SoftDeleteModel
from youworker.core.removal import remove_each
from youworker.core.validators import validate_range
from youworker.data_protection.registry import policy_of

if TYPE_CHECKING:
    from chat.managers import SessionQuerySet
    from youworker.core.managers import SoftDeleteQuerySet

WITH_FILES = ("documents", "ingestion")
LONGEST_DAYS = 3650


@validate_range("days", 0, LONGEST_DAYS)
def purge_deleted(days: int, *, dry_run: bool = False) -> dict[str, int]:
    """Remove what was deleted more than `days` ago; how many of each kind."""
    before = timezone.now() - timedelta(days=days)
    if not dry_run:
        chat.remove_abandoned()
    # Rows with files are removed by their own apps.
    counts = {
        "ingestion runs": ingestion.purge_deleted(before, dry_run=dry_run),
        "documents": documents.purge_deleted(before, dry_run=dry_run),
    }
    for model in apps.get_models():
        if issubclass(model, SoftDeleteModel) and model._meta.app_label not in WITH_FILES:
            old = deleted_rows(model, before)
            counts[f"{model._meta.model_name}s"] = old.count() if dry_run else purge_rows(old)
    return counts


def deleted_rows(model: type[SoftDeleteModel], before: datetime) -> SoftDeleteQuerySet[Any]:
    """The rows of one model deleted before a time; those under a legal hold are left out."""
    everything = cast("Any", model).all_objects
    old: SoftDeleteQuerySet[Any] = everything.deleted().filter(deleted_at__lt=before)
    return old.exclude(kept_by_hold(model))


def purge_rows(old: SoftDeleteQuerySet[Any]) -> int:
    """Remove rows for good; how many there were. Conversations go with their event logs."""
    if old.model is Session:
        return remove_sessions(cast("SessionQuerySet", old))["sessions_deleted"]
    return remove_each(old, lambda row: row.hard_delete())


def kept_by_hold(model: type[SoftDeleteModel]) -> Q:
    """The condition under which a legal hold keeps a row: on its owner, or on itself."""
    held = LegalHold.objects.held_users()
    kept = Q(pk__in=LegalHold.objects.held_groups()) if model is Group else Q(pk__in=[])
    for path in policy_of(model).owners:
        kept |= Q(**{f"{path}__in": held})
    return kept


def apply_retention(*, dry_run: bool = False) -> dict[str, int]:
    """Remove what outlived its rules for good, conversations and usage; how many of what."""
    return {
        **chat.apply_retention(dry_run=dry_run),
        **quotas.apply_retention(dry_run=dry_run),
    }


def forget_requests() -> int:
    """Remove answers that are remembered for longer than promised; how many there were."""
    return IdempotentRequest.objects.all().expired().delete()[0]
