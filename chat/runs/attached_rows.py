"""The files of a conversation as the database has them when a run begins or goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from chat.models import Attachment
from chat.standing import shown_attachments
from documents.models import Document

if TYPE_CHECKING:
    from uuid import UUID

    from chat.attachment_managers import AttachmentQuerySet
    from chat.enums import AttachmentStatus
    from chat.models import Run
    from chat.types import ShownAttachment

# An unpacked archive may hold thousands; the newest are searched first.
MOST_SEARCHED = 1000


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file of a conversation, and how it stands for the user of the run."""

    row: Attachment
    shown: ShownAttachment

    @property
    def message_id(self) -> UUID:
        """The question it came with, or the answer it came for."""
        return self.row.message_id

    @property
    def status(self) -> AttachmentStatus:
        """What there is of it."""
        return self.shown.status

    @property
    def is_unread(self) -> bool:
        """Whether there is no text of it yet."""
        return self.shown.is_unread

    @property
    def is_image(self) -> bool:
        """Whether there is a picture to be seen."""
        return self.shown.is_image


def read_files(run: Run) -> list[AttachedFile]:
    """The files of a run's conversation; those that were read meanwhile are told as documents."""
    return read_rows(Attachment.objects.filter(session=run.session_id), run)


def read_result_files(run: Run, call_id: UUID) -> list[AttachedFile]:
    """The files that came with the result of one call."""
    return read_rows(Attachment.objects.filter(session=run.session_id, tool_run=call_id), run)


def read_file(run: Run, pk: str) -> AttachedFile | None:
    """One file of a run's conversation; None when it has no such one."""
    return next(
        iter(read_rows(Attachment.objects.filter(session=run.session_id, pk=pk), run)), None
    )


def read_rows(rows: AttachmentQuerySet, run: Run) -> list[AttachedFile]:
    """Files as they are for the user of a run, in the order they came."""
    # An item may be forgotten, the document it became is not.
    became = rows.filter(document__isnull=True, item__document__isnull=False)
    for pk, document_id in became.values_list("pk", "item__document"):
        Attachment.objects.filter(pk=pk, document__isnull=True).update(document=document_id)
    found = list(rows.with_files().in_order())
    shown = shown_attachments(found, user=run.user)
    return [AttachedFile(row, shown[row.pk]) for row in found]


def searchable_documents(run: Run) -> list[UUID]:
    """The documents that are searched first: the conversation's own, and those it refers to.

    What came out of a file, such as a message's attachments, is among them.
    """
    named = Attachment.objects.filter(session=run.session_id)
    items = named.filter(item__isnull=False).values("item")
    rows = Document.objects.visible_to(run.user).filter(
        Q(pk__in=named.filter(document__isnull=False).values("document"))
        | Q(ingestion_items__in=items)
        | Q(ingestion_items__root__in=items)
    )
    newest = rows.order_by("-created_at", "-pk").values_list("pk", flat=True)
    return list(dict.fromkeys(newest[:MOST_SEARCHED]))
