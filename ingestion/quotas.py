"""What files on their way in take, measured against quotas before they are accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Sum

from documents.models import Document
from documents.policies import stored_bytes, stored_documents
from documents.services import default_collection
from groups.enums import Measure
from groups.policies import limits_for, require_room
from ingestion.enums import Stage
from ingestion.models import IngestionItem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User
    from documents.models import Collection
    from groups.policies import Subject

# Not a document yet, and nobody has given it up.
PENDING = (Stage.QUEUED, Stage.PARSING)


def require_room_for_files(
    items: Iterable[IngestionItem], *, collection: Collection | None, actor: User
) -> None:
    """Raise `StorageQuotaExceeded` when these files are too many or too large.

    What the collection (none: the default one) has already is refreshed, not added. Runs in the
    caller's transaction.
    """
    limits = limits_for(actor)
    if not any(limit.measure in (Measure.STORED_BYTES, Measure.DOCUMENTS) for limit in limits):
        return
    added = new_items(items, collection or default_collection(actor), actor)
    new_bytes = sum(item.size for item in added)
    require_room(limits, Measure.STORED_BYTES, bytes_taken, adding=new_bytes)
    require_room(limits, Measure.DOCUMENTS, documents_taken, adding=len(added))


def new_items(
    items: Iterable[IngestionItem], collection: Collection, actor: User
) -> list[IngestionItem]:
    """The items that will become documents of their own; of several at one place, one."""
    by_place = {item.path_hash: item for item in items}
    contents = {item.sha256 for item in by_place.values()}
    here = Document.objects.filter(collection=collection)
    places = here.filter(owner=actor, path_hash__in=by_place).values_list("path_hash", flat=True)
    known = here.filter(sha256__in=contents).values_list("sha256", flat=True)
    found = {*places, *known}
    return [item for item in by_place.values() if not {item.path_hash, item.sha256} & found]


def bytes_taken(subject: Subject) -> int:
    """Bytes of documents and of files that will become some."""
    return stored_bytes(subject) + pending(subject)[0]


def documents_taken(subject: Subject) -> int:
    """Documents and files that will become some."""
    return stored_documents(subject) + pending(subject)[1]


def pending(subject: Subject) -> tuple[int, int]:
    """Bytes and number of accepted files that are not read yet."""
    items = IngestionItem.objects.filter(run__owner__in=subject.owners(), stage__in=PENDING)
    found = items.aggregate(size=Sum("size"), number=Count("pk"))
    return int(found["size"] or 0), int(found["number"])
