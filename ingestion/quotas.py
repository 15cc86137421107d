"""What files on their way in count towards quotas, and whether more may come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q, Sum

from documents.models import Document
from documents.queries import count_documents, sum_stored_bytes
from documents.services import ensure_default_collection
from ingestion.enums import Stage
from ingestion.models import IngestionItem
from quotas.enums import QuotaKind
from quotas.meters import register_meter
from quotas.policies import enforce_quota, find_limits
from youworker.core.config import config

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User
    from documents.models import Collection
    from ingestion.managers import ItemQuerySet
    from quotas.types import QuotaSubject

# Not a document yet, and nobody has given it up.
PENDING = (Stage.QUEUED, Stage.PARSING)
FILE_KINDS = (QuotaKind.STORED_BYTES, QuotaKind.DOCUMENTS)


def enforce_file_quota(
    items: Iterable[IngestionItem], *, collection: Collection | None, actor: User
) -> None:
    """Raise `StorageQuotaExceeded` when these files are too many or too large.

    Content that the collection (none: the default one) has already is not added, and other content
    of a known place is no other document: its older version stays, so its bytes count. Runs in
    the caller's transaction.
    """
    limits = find_limits(actor, kinds=FILE_KINDS)
    if not limits:
        return
    place = collection or ensure_default_collection(actor)
    added, newer = new_items(items, place, actor)
    stored = [*added, *newer]
    kept = kept_after_failure().filter(pk__in=[item.pk for item in stored])
    counted = set(kept.values_list("pk", flat=True))
    new_bytes = sum(item.size for item in stored if item.pk not in counted)
    amounts = {QuotaKind.STORED_BYTES: new_bytes, QuotaKind.DOCUMENTS: len(added)}
    enforce_quota(limits, amounts)


def enforce_byte_quota(size: int, *, actor: User) -> None:
    """Raise `StorageQuotaExceeded` when so many bytes more are too many.

    For files whose size nobody knew when they were accepted. Runs in the caller's transaction.
    """
    limits = find_limits(actor, kinds=[QuotaKind.STORED_BYTES])
    if limits:
        enforce_quota(limits, {QuotaKind.STORED_BYTES: size})


def new_items(
    items: Iterable[IngestionItem], collection: Collection, actor: User
) -> tuple[list[IngestionItem], list[IngestionItem]]:
    """The items that will become documents, and those that will become versions of known ones.

    Of several at one place, one. What is not read yet counts at a known place as unchanged.
    """
    by_place = {item.path_hash: item for item in items}
    contents = {item.sha256 for item in by_place.values()}
    here = Document.objects.filter(collection=collection)
    own = here.filter(owner=actor, path_hash__in=by_place)
    places = set(own.values_list("path_hash", flat=True))
    known = {"", *here.filter(sha256__in=contents).values_list("sha256", flat=True)}
    fresh = [item for item in by_place.values() if item.path_hash not in places]
    added = [item for item in fresh if not item.sha256 or item.sha256 not in known]
    newer = [
        item
        for item in by_place.values()
        if item.path_hash in places and item.sha256 not in known and config.ingestion.versions_kept
    ]
    return added, newer


# Files on their way in first: one that becomes a document meanwhile is counted twice, not missed.
@register_meter(QuotaKind.STORED_BYTES)
def sum_bytes_taken(subject: QuotaSubject) -> int:
    """Bytes of files that will become documents or are kept for a retry, and of documents."""
    stored = Q(stage__in=PENDING) | Q(pk__in=kept_after_failure().values("pk"))
    items = IngestionItem.objects.filter(stored, run__owner__in=subject.user_ids())
    size = items.aggregate(size=Sum("size"))["size"] or 0
    return int(size) + sum_stored_bytes(subject)


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


def kept_after_failure() -> ItemQuerySet:
    """Files that could not be read and are kept, because they may be tried again."""
    found: ItemQuerySet = IngestionItem.objects.failed().filter(stored_file__isnull=False)
    return found
