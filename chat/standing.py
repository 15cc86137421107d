"""What became of the files that came with questions, for whoever asked these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat.enums import AttachmentStatus
from chat.models import Attachment, Session
from chat.types import IMAGE, ShownAttachment
from documents.enums import DocumentStatus
from documents.models import Document
from ingestion.enums import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from accounts.models import User
    from chat.models import Message, ToolRun
    from ingestion.models import IngestionItem

UNREAD = (Stage.QUEUED, Stage.PARSING)
# Of an image in which no text was recognised there is the image.
NO_TEXT = "no_text"


def add_attachments(messages: Sequence[Message]) -> None:
    """Note on messages of one conversation which files they have, in at most three queries.

    Files of a question came with it; those of an answer, with the results of its calls.
    """
    for message in messages:
        message.attached, message.returned = (), {}
    by_id = {message.pk: message for message in messages if may_have_files(message)}
    if not by_id:
        return
    rows = Attachment.objects.filter(message__in=list(by_id))
    found = list(rows.with_files().in_order())
    if not found:
        return
    user = Session.all_objects.select_related("user").get(pk=found[0].session_id).user
    shown = shown_attachments(found, user=user)
    for row in found:
        message, file = by_id[row.message_id], shown[row.pk]
        if row.tool_run_id is None:
            message.attached = [*message.attached, file]
        else:
            known = message.returned.get(row.tool_run_id, ())
            message.returned = {**message.returned, row.tool_run_id: [*known, file]}


def may_have_files(message: Message) -> bool:
    """Whether it is worth looking: where nothing is known of the message, it is."""
    return bool(getattr(message, "has_attachments", True))


def files_of_calls(calls: Sequence[ToolRun], *, user: User) -> dict[UUID, list[ShownAttachment]]:
    """The files in the results of calls of a user, by the calls' ids; at most two queries."""
    rows = Attachment.objects.filter(tool_run__in=[call.pk for call in calls])
    found = list(rows.visible_to(user).with_files().in_order())
    shown = shown_attachments(found, user=user) if found else {}
    by_call: dict[UUID, list[ShownAttachment]] = {}
    for row in found:
        if row.tool_run_id is not None:
            by_call.setdefault(row.tool_run_id, []).append(shown[row.pk])
    return by_call


def shown_attachments(
    attachments: Iterable[Attachment], *, user: User
) -> dict[UUID, ShownAttachment]:
    """Files as a user sees them now, by the ids of the attachments; one query."""
    rows = list(attachments)
    documents = visible_documents(filter(None, map(document_id_of, rows)), user=user)
    return {row.pk: shown_attachment(row, documents) for row in rows}


def visible_documents(ids: Iterable[UUID], *, user: User) -> dict[UUID, Document]:
    """Those documents that a user may read, with their collections."""
    rows = Document.objects.visible_to(user).select_related("collection")
    return {row.pk: row for row in rows.filter(pk__in=list(ids))}


def document_id_of(attachment: Attachment) -> UUID | None:
    """The document a file is, or has become."""
    if attachment.document_id is not None:
        return attachment.document_id
    return attachment.item.document_id if attachment.item else None


def shown_attachment(attachment: Attachment, documents: Mapping[UUID, Document]) -> ShownAttachment:
    """One file, given the documents its reader sees."""
    pk = document_id_of(attachment)
    if pk is not None:
        return of_document(attachment, documents.get(pk))
    if attachment.item is None:
        return ShownAttachment(
            attachment.pk, attachment.name, attachment.mime, AttachmentStatus.REMOVED
        )
    return of_item(attachment, attachment.item)


def of_document(attachment: Attachment, document: Document | None) -> ShownAttachment:
    """A file that was read, if its reader may see it."""
    if document is None:
        return ShownAttachment(
            attachment.pk, attachment.name, attachment.mime, AttachmentStatus.REMOVED
        )
    return ShownAttachment(
        attachment.pk,
        document.title,
        document.mime,
        status_of_document(document),
        document_id=document.pk,
        item_id=attachment.item_id,
        collection_id=document.collection_id,
        is_private=document.collection.is_private,
    )


def status_of_document(document: Document) -> AttachmentStatus:
    """What can be done with a document; without vectors it is found by word."""
    if document.status == DocumentStatus.PROCESSING:
        return AttachmentStatus.READING
    if document.status == DocumentStatus.READY:
        return AttachmentStatus.READY
    return AttachmentStatus.SEARCHABLE


def of_item(attachment: Attachment, item: IngestionItem) -> ShownAttachment:
    """A file that is no document, or not yet."""
    mime = item.mime or attachment.mime
    status, reason = status_of_item(item, mime)
    return ShownAttachment(
        attachment.pk, attachment.name, mime, status, item_id=item.pk, reason=reason
    )


def status_of_item(item: IngestionItem, mime: str) -> tuple[AttachmentStatus, str]:
    """How far a file is that is no document, and why it will be none."""
    if item.stage in UNREAD:
        return AttachmentStatus.READING, ""
    if item.stage in (Stage.FAILED, Stage.SKIPPED):
        if mime.startswith(IMAGE) and item.error_code == NO_TEXT:
            return AttachmentStatus.READY, ""
        return AttachmentStatus.FAILED, item.shown_reason
    # An archive has no text of its own: its files are documents. What had one was removed.
    return (AttachmentStatus.REMOVED if item.passages else AttachmentStatus.READY), ""
