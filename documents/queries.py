"""Reads across models: what may be removed, what counts towards quotas, what answers a question."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.db.models import Q, Sum

from documents.models import (
    Collection,
    CollectionShare,
    Document,
    DocumentShare,
    DocumentVersion,
)
from groups.models import LegalHold

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from accounts.models import User
    from documents.managers import CollectionQuerySet, DocumentQuerySet
    from documents.models import GoldenQuestion
    from quotas.types import QuotaSubject


def documents_under_hold() -> DocumentQuerySet:
    """Documents that a legal hold keeps: on their owner, or on a group of theirs."""
    groups = LegalHold.objects.held_groups()
    direct = DocumentShare.objects.filter(group__in=groups)
    shelves = CollectionShare.objects.filter(group__in=groups)
    found: DocumentQuerySet = Document.all_objects.filter(
        Q(owner__in=LegalHold.objects.held_users())
        | Q(pk__in=direct.values("document_id"))
        | Q(collection__in=shelves.values("collection_id"))
    )
    return found


def collections_under_hold() -> CollectionQuerySet:
    """Collections that a legal hold keeps, or that have something in them that one keeps."""
    shares = CollectionShare.objects.filter(group__in=LegalHold.objects.held_groups())
    found: CollectionQuerySet = Collection.all_objects.filter(
        Q(owner__in=LegalHold.objects.held_users())
        | Q(pk__in=shares.values("collection_id"))
        | Q(pk__in=documents_under_hold().values("collection_id"))
    )
    return found


def sum_stored_bytes(subject: QuotaSubject) -> int:
    """Bytes of originals and of their older versions.

    Those of deleted documents count until they are purged, as they are stored.
    """
    own = Document.all_objects.filter(owner__in=subject.user_ids())
    older = DocumentVersion.objects.filter(document__in=own.values("pk"))
    sums = [rows.aggregate(total=Sum("size"))["total"] or 0 for rows in (own, older)]
    return int(sum(sums))


def count_documents(subject: QuotaSubject) -> int:
    """Living documents."""
    return int(Document.objects.filter(owner__in=subject.user_ids()).count())


def right_documents(question: GoldenQuestion, searcher: User) -> dict[UUID, str]:
    """The documents that answer a question and that the searcher may read, with their languages."""
    visible = Document.objects.visible_to(searcher)
    if question.collection_id is not None:
        visible = visible.filter(collection=question.collection_id)
    rows = visible.filter(pk__in=question.document_ids)
    if question.addresses:
        rows |= visible.filter(uri__regex=address_pattern(question.addresses))
    return dict(rows.order_by().values_list("pk", "language"))


def address_pattern(addresses: Iterable[str]) -> str:
    """A regular expression for documents at one of these addresses, or whose path ends so."""
    ends = (".*".join(map(re.escape, address.split("*"))) for address in addresses)
    return f"(^|/)({'|'.join(ends)})$"
