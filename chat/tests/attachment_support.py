"""Real files for tests of attachments, handed in and read as in the product."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat import services
from chat.models import Attachment
from chat.tests.pictures import photograph, picture_of_text
from documents.tests.factories import DocumentFactory
from ingestion import services as ingestion
from ingestion.pipeline.worker import work_for
from ingestion.tests.samples import pdf

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User
    from chat.models import Message
    from ingestion.models import IngestionItem

__all__ = ["attached_image", "hand_in", "pdf", "photograph", "picture_of_text", "read_all"]


def hand_in(
    user: User,
    name: str,
    content: bytes | str,
    *,
    session_id: UUID | None = None,
    mime: str = "",
    read: bool = True,
) -> IngestionItem:
    """A file in the private collection of a conversation, as the page hands it in."""
    collection = services.ensure_private_collection(session_id, actor=user)
    data = content if isinstance(content, bytes) else content.encode()
    file = ingestion.receive_bytes(data, name=name, mime=mime)
    run = ingestion.start_upload([file], collection_id=collection.pk, actor=user)
    if read:
        read_all()
    item: IngestionItem = run.items.get()
    return item


def attached_image(message: Message) -> Attachment:
    """An image without a stored file that was read already, beside a question."""
    document = DocumentFactory(owner=message.session.user, title="z.png", mime="image/png")
    made: Attachment = Attachment.objects.create(
        session=message.session,
        message=message,
        position=0,
        document=document,
        name="z.png",
        mime="image/png",
    )
    return made


def read_all() -> None:
    """Do what a worker does, until nothing waits."""
    work_for(60)
