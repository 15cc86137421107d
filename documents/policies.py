"""Quotas of stored files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Sum

from documents.models import Document

if TYPE_CHECKING:
    from groups.policies import Subject


def stored_bytes(subject: Subject) -> int:
    """Bytes of originals; deleted documents count until they are purged, as they are stored."""
    own = Document.all_objects.filter(owner__in=subject.owners())
    return int(own.aggregate(total=Sum("size"))["total"] or 0)


def stored_documents(subject: Subject) -> int:
    """Living documents."""
    return int(Document.objects.filter(owner__in=subject.owners()).count())
