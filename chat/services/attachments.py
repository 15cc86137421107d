"""Files beside questions: where they are kept, which came with which, and when they go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from chat.models import Attachment, Message, Session, SessionCollection
from chat.private_files import (
    HandedIn,
    ReceivedFile,
    ensure_private_collection,
    hand_in_files,
)
from chat.standing import shown_attachments
from documents import services as documents
from documents.models import Document
from ingestion.models import IngestionItem
from youworker.core.exceptions import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from accounts.models import User
    from chat.types import ShownAttachment

__all__ = [
    "MOST_ATTACHMENTS",
    "HandedIn",
    "ReceivedFile",
    "ensure_private_collection",
    "hand_in_files",
]

MOST_ATTACHMENTS = 20
# What is offered to choose from, and how many words of a search in titles count.
MOST_OFFERED = 30
MOST_WORDS = 10


def find_attachments(ids: Sequence[UUID], *, actor: User) -> list[Attachment]:
    """Unsaved attachments of documents, or files of uploads, that the actor may read.

    Raises `InvalidInput` when one of them is unknown, or too many are named.
    """
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > MOST_ATTACHMENTS:
        raise InvalidInput(
            "A message has at most %(most)s attachments.", attr="attachments", most=MOST_ATTACHMENTS
        )
    if not wanted:
        return []
    found: dict[UUID, Attachment] = {}
    for item in IngestionItem.objects.visible_to(actor).filter(pk__in=wanted):
        found[item.pk] = Attachment(item=item, name=item.name[:500], mime=item.mime)
    for document in Document.objects.visible_to(actor).filter(pk__in=wanted):
        found[document.pk] = Attachment(document=document, name=document.title, mime=document.mime)
    if len(found) != len(wanted):
        raise InvalidInput("There is no such file.", attr="attachments")
    return [found[pk] for pk in wanted]


def attachable_documents(ids: Sequence[UUID], *, actor: User) -> list[dict[str, str]]:
    """Those of some documents that the actor may read, by id and name, in the given order."""
    rows = Document.objects.visible_to(actor).filter(pk__in=ids) if ids else ()
    names = {row.pk: row.title for row in rows}
    return [{"id": str(pk), "name": names[pk]} for pk in dict.fromkeys(ids) if pk in names]


def find_attachable(search: str, *, actor: User) -> list[Document]:
    """The newest documents of the library that the actor may read, by words of their titles."""
    rows = Document.objects.visible_to(actor).in_library().newest_first()
    for word in search.split()[:MOST_WORDS]:
        rows = rows.filter(title__icontains=word)
    return list(rows.only("title")[:MOST_OFFERED])


def store_attachments(message: Message, attachments: Sequence[Attachment], *, actor: User) -> None:
    """Write which files came with a stored question; runs in the caller's transaction."""
    for position, attachment in enumerate(attachments):
        attachment.session_id, attachment.message = message.session_id, message
        attachment.position = position
    Attachment.objects.bulk_create(attachments)
    claim_collections(message.session_id, attachments, actor=actor)


def claim_collections(session_id: UUID, attachments: Sequence[Attachment], *, actor: User) -> None:
    """Let a conversation have the collections that were made for files of its question."""
    items = [one.item_id for one in attachments if one.item_id]
    wanted = {one.document.collection_id for one in attachments if one.document}
    runs = IngestionItem.objects.filter(pk__in=items).order_by()
    wanted |= set(runs.values_list("run__collection", flat=True))
    own = SessionCollection.objects.unclaimed().filter(user=actor, collection__in=wanted - {None})
    own.update(session_id=session_id)


def copies_of(message: Message) -> list[Attachment]:
    """Unsaved attachments of the same files, for the same question in other words."""
    rows = Attachment.objects.filter(message=message).in_order()
    return [
        Attachment(document_id=row.document_id, item_id=row.item_id, name=row.name, mime=row.mime)
        for row in rows
    ]


def own_attachment(pk: UUID, *, actor: User) -> Attachment:
    """An attachment of the actor's; raises `NotFound` for any other."""
    rows = Attachment.objects.visible_to(actor).with_files()
    found: Attachment | None = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound("Not found.")
    return found


def shown(attachment: Attachment, *, actor: User) -> ShownAttachment:
    """An attachment as the actor sees it now."""
    return shown_attachments([attachment], user=actor)[attachment.pk]


def attachments_in(session: Session, *, actor: User) -> list[ShownAttachment]:
    """The files of a conversation in the order they came, each once, as they are now."""
    rows = list(Attachment.objects.filter(session=session).with_files().in_order())
    # The same file may have come with several versions of a question.
    first = {(row.document_id, row.item_id): row for row in reversed(rows)}
    chosen = [row for row in rows if first[row.document_id, row.item_id] is row]
    seen = shown_attachments(chosen, user=actor)
    return [seen[row.pk] for row in chosen]


@transaction.atomic
def keep_in_library(attachment: Attachment, *, actor: User) -> ShownAttachment:
    """Move the document of an attachment into the actor's library, where it stays.

    Nothing happens to one that is there. Raises `NotFound` when there is no document, and
    `Forbidden` when it is not the actor's.
    """
    seen = shown(attachment, actor=actor)
    if seen.document_id is None:
        raise NotFound("There is no such document.")
    if seen.is_private:
        document = Document.objects.visible_to(actor).get(pk=seen.document_id)
        library = documents.ensure_default_collection(actor)
        documents.update_document(document, collection_id=library.pk, actor=actor)
    return shown(own_attachment(attachment.pk, actor=actor), actor=actor)
