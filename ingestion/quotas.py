"""What files on their way in count towards quotas, and whether more may come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Sum

from documents.models import Document
from documents.quotas import count_documents, sum_stored_bytes
from ingestion.enums import Stage
from ingestion.models import IngestionItem
from quotas.enums import QuotaKind
from quotas.meters import register_meter
from quotas.policies import enforce_quota, find_limits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User
    from ingestion.managers import ItemQuerySet
    from quotas.types import QuotaSubject

# Not a document yet, and nobody has given it up.
PENDING = (Stage.QUEUED, Stage.PARSING)
FILE_KINDS = (QuotaKind.STORED_BYTES, QuotaKind.DOCUMENTS)


def enforce_file_quota(items: Iterable[IngestionItem], *, actor: User) -> None:
    """Raise `StorageQuotaExceeded` when these files are too many or too large.

    What the actor has already is refreshed, not added. Runs in the caller's transaction.
    """
    limits = find_limits(actor, kinds=FILE_KINDS)
    if not limits:
        return
    items = list(items)
    known = dict(
        Document.all_objects.filter(
            owner=actor, path_hash__in=[item.path_hash for item in items]
        ).values_list("path_hash", "deleted_at")
    )
    new_bytes = sum(item.size for item in items if item.path_hash not in known)
    new_documents = sum(known.get(item.path_hash, "absent") is not None for item in items)
    amounts = {QuotaKind.STORED_BYTES: new_bytes, QuotaKind.DOCUMENTS: new_documents}
    enforce_quota(limits, amounts)


# Files on their way in first: one that becomes a document meanwhile is counted twice, not missed.
@register_meter(QuotaKind.STORED_BYTES)
def sum_bytes_taken(subject: QuotaSubject) -> int:
    """Bytes of files that will become documents, and of documents."""
    pending = pending_items(subject).aggregate(size=Sum("size"))["size"] or 0
    return int(pending) + sum_stored_bytes(subject)


@register_meter(QuotaKind.DOCUMENTS)
def count_documents_taken(subject: QuotaSubject) -> int:
    """Files that will become documents, and documents."""
    return pending_items(subject).count() + count_documents(subject)


def pending_items(subject: QuotaSubject) -> ItemQuerySet:
    """Accepted files of a subject that are not read yet."""
    found: ItemQuerySet = IngestionItem.objects.filter(
        run__owner__in=subject.user_ids(), stage__in=PENDING
    )
    return found
