"""What the services of chat give to edges beside rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chat.enums import AttachmentStatus

if TYPE_CHECKING:
    from uuid import UUID

IMAGE = "image/"


@dataclass(frozen=True, slots=True)
class ShownAttachment:
    """A file of a question as its asker sees it now; `reason` says why it failed.

    `document_id` is empty while it is read, and when it is not there for them any more.
    """

    id: UUID
    name: str
    mime: str
    status: AttachmentStatus
    document_id: UUID | None = None
    item_id: UUID | None = None
    collection_id: UUID | None = None
    reason: str = ""
    # In the private collection of a conversation, from where it can be moved to the library.
    is_private: bool = False

    @property
    def is_image(self) -> bool:
        """Whether there is a picture to be shown."""
        return self.mime.startswith(IMAGE) and self.status != AttachmentStatus.REMOVED

    @property
    def is_unread(self) -> bool:
        """Whether there is no text of it yet."""
        return self.status == AttachmentStatus.READING
