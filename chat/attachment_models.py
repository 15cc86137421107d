"""Files of conversations: which came with which question, and where they are kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from chat.attachment_managers import AttachmentQuerySet, SessionCollectionQuerySet
from documents.models import Collection, Document
from ingestion.models import IngestionItem
from youworker.core.fields import NameField
from youworker.core.models import TimestampedModel


class SessionCollection(TimestampedModel):
    """A private collection of a conversation; without one, of a question that is being written."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    session = models.ForeignKey(
        "chat.Session", models.CASCADE, null=True, related_name="private_collections"
    )
    collection = models.OneToOneField(Collection, models.CASCADE, related_name="+")

    objects = SessionCollectionQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.collection_id)


class Attachment(TimestampedModel):
    """A file of a question, or of a tool's result in an answer: a document, or to become one.

    Who may read the document is looked at each time; here is only what it was called.
    """

    session = models.ForeignKey("chat.Session", models.CASCADE, related_name="attachments")
    message = models.ForeignKey("chat.Message", models.CASCADE, related_name="attachments")
    # The call that brought it; such a file belongs to the answer that the call was made for.
    tool_run = models.ForeignKey(
        "chat.ToolRun", models.CASCADE, null=True, blank=True, related_name="attachments"
    )
    position = models.PositiveSmallIntegerField()
    document = models.ForeignKey(Document, models.SET_NULL, null=True, related_name="+")
    item = models.ForeignKey(IngestionItem, models.SET_NULL, null=True, related_name="+")
    name = NameField(max_length=500)
    mime = models.CharField(max_length=255, blank=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("message", "position", name="attachment_position_once"),
        ]

    def __str__(self) -> str:
        return self.name
