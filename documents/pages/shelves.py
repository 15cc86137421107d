"""What pages of the library show beside their own things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from documents import services
from documents.models import Collection, Document

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from django.http import HttpRequest

    from accounts.models import User

# Ids of documents that were deleted last, for the next page to offer their return.
UNDO = "deleted_documents"


@dataclass(frozen=True, slots=True)
class Row:
    """A document of a list, with its collection if that is visible, too."""

    document: Document
    collection: Collection | None


def collections_of(actor: User) -> list[Collection]:
    """The collections somebody sees, the default one first, with the number of documents."""
    services.ensure_default_collection(actor)
    visible = Collection.objects.visible_to(actor).with_document_count()
    return list(visible.select_related("owner").default_first())


def shelf_context(request: HttpRequest, actor: User) -> dict[str, Any]:
    """The collections at the side of a page, and the documents whose deletion can be undone."""
    shelves = collections_of(actor)
    return {
        "section": "documents",
        "own_shelves": [each for each in shelves if each.owner_id == actor.pk],
        "shared_shelves": [each for each in shelves if each.owner_id != actor.pk],
        "shelves": shelves,
        "undo": request.session.pop(UNDO, None),
    }


def rows_of(documents: Iterable[Document], shelves: Iterable[Collection]) -> list[Row]:
    """The documents with the collections somebody sees."""
    known: dict[UUID, Collection] = {each.pk: each for each in shelves}
    return [Row(document, known.get(document.collection_id)) for document in documents]


def offer_undo(request: HttpRequest, document_ids: Iterable[UUID]) -> None:
    """Have the next page offer to bring documents back."""
    request.session[UNDO] = [str(pk) for pk in document_ids]
