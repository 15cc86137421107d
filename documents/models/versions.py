"""What a document was made of before: older files, and the text that was read from them."""

from __future__ import annotations

from django.db import models

from documents.managers import DocumentVersionQuerySet, VersionPassageQuerySet
from documents.models.library import Document, StoredFile
from youworker.core.fields import NameField
from youworker.core.models import TimestampedModel


class DocumentVersion(TimestampedModel):
    """A file that a document was made of until another took its place.

    It was replaced when the row was created. Search knows nothing of it.
    """

    document = models.ForeignKey(
        Document, models.CASCADE, related_name="versions", db_index=False, editable=False
    )
    number = models.IntegerField(editable=False)
    # When it became the newest.
    since = models.DateTimeField(editable=False)
    title = NameField(max_length=500, editable=False)
    uri = models.TextField(editable=False)
    mime = models.CharField(max_length=255, editable=False)
    size = models.BigIntegerField(editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    stored_file = models.ForeignKey(
        StoredFile,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="versions",
        db_index=False,
    )
    language = models.CharField(max_length=16, blank=True, editable=False)
    pages = models.IntegerField(null=True, editable=False)
    passage_count = models.IntegerField(default=0, editable=False)

    objects = DocumentVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="document_version_once"),
        ]
        indexes = [models.Index(fields=["stored_file"], name="document_version_stored_file")]

    def __str__(self) -> str:
        return f"version {self.number} of {self.document_id}"


class VersionPassage(models.Model):
    """A passage as it stood in an older version; `passage_id` is what citations know it by."""

    id = models.BigAutoField(primary_key=True)
    version = models.ForeignKey(
        DocumentVersion, models.CASCADE, related_name="passages", db_index=False, editable=False
    )
    passage_id = models.UUIDField(editable=False, db_index=True)
    ordinal = models.IntegerField(editable=False)
    text = models.TextField(editable=False)
    heading = models.TextField(blank=True, editable=False)
    page = models.IntegerField(null=True, editable=False)
    start = models.IntegerField(editable=False)
    end = models.IntegerField(editable=False)
    second = models.IntegerField(null=True, editable=False)
    layout = models.TextField(blank=True, default="", db_default="", editable=False)

    objects = VersionPassageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "ordinal"], name="version_passage_once"),
        ]

    def __str__(self) -> str:
        return f"passage {self.ordinal} of version {self.version_id}"
