"""What stored documents count towards quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Sum

from documents.models import Document

if TYPE_CHECKING:
    from quotas.types import QuotaSubject


def sum_stored_bytes(subject: QuotaSubject) -> int:
    """Bytes of originals; deleted documents count until they are purged, as they are stored."""
    own = Document.all_objects.filter(owner__in=subject.user_ids())
    return int(own.aggregate(total=Sum("size"))["total"] or 0)


def count_documents(subject: QuotaSubject) -> int:
    """Living documents."""
    return int(Document.objects.filter(owner__in=subject.user_ids()).count())
