"""Collections, documents, and the passages they are quoted by."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from documents.enums import (
    Access,
    DocumentStatus,
)
from documents.managers import (
    CollectionQuerySet,
    CollectionShareQuerySet,
    DocumentQuerySet,
    DocumentShareQuerySet,
    PassageQuerySet,
    StoredFileQuerySet,
    TagQuerySet,
)
from groups.models import Group
from youworker.core.fields import NameField
from youworker.core.ids import uuid7
from youworker.core.managers import AliveManager
from youworker.core.models import SoftDeleteModel, TimestampedModel


class Collection(SoftDeleteModel):
    """A shelf of documents with one owner, shared with groups as a whole."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="collections")
    name = NameField(max_length=120)
    description = models.TextField(blank=True)
    is_default = models.BooleanField(default=False, editable=False)
    # Holds the files of one conversation: in no list, never shared, and gone with the conversation.
    is_private = models.BooleanField(default=False, editable=False)

    document_count: int  # only after `with_document_count()`

    objects: ClassVar = AliveManager.from_queryset(CollectionQuerySet)()
    all_objects: ClassVar = CollectionQuerySet.as_manager()

    class Meta:
        base_manager_name = "all_objects"
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                condition=Q(deleted_at__isnull=True, is_default=False, is_private=False),
                name="collection_name_once_per_owner",
            ),
            models.UniqueConstraint(
                fields=["owner"],
                condition=Q(is_default=True),
                name="collection_one_default_per_owner",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CollectionShare(TimestampedModel):
    """A group that may read a collection, or also fill it."""

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="shares")
    group = models.ForeignKey(Group, models.CASCADE, related_name="collection_shares")
    access = models.CharField(max_length=8, choices=Access, default=Access.READ)

    objects = CollectionShareQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["collection", "group"], name="collection_share_once"),
        ]

    def __str__(self) -> str:
        return f"{self.group_id} may {self.access} {self.collection_id}"


class Tag(models.Model):
    """A label of documents."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = NameField(max_length=64, unique=True)

    document_count: int  # only after `visible_to()`

    objects = TagQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        indexes = [models.Index(Lower("name"), name="tag_lower_name")]

    def __str__(self) -> str:
        return self.name


class StoredFile(models.Model):
    """Bytes that were handed in; kept once, for as long as a row refers to them."""

    sha256 = models.CharField(max_length=64, primary_key=True, editable=False)
    size = models.BigIntegerField(editable=False)
    # Where the bytes are in the storage.
    name = models.CharField(max_length=255, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = StoredFileQuerySet.as_manager()

    def __str__(self) -> str:
        return self.sha256


class Document(SoftDeleteModel):
    """One file or page the platform can quote from."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="documents")
    collection = models.ForeignKey(Collection, models.CASCADE, related_name="documents")
    title = NameField(max_length=500)
    renamed = models.BooleanField(default=False, editable=False)
    uri = models.TextField()
    mime = models.CharField(max_length=255)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, editable=False)
    path_hash = models.CharField(max_length=64, editable=False)
    # None for what never was a file.
    stored_file = models.ForeignKey(
        StoredFile,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="documents",
        db_index=False,
    )
    status = models.CharField(
        max_length=16, choices=DocumentStatus, default=DocumentStatus.PROCESSING
    )
    language = models.CharField(max_length=16, blank=True)
    # By a person; then parsing the file again does not change it.
    language_chosen = models.BooleanField(default=False, editable=False)
    text_config = models.CharField(max_length=32, default="simple", editable=False, db_index=True)
    # By which rules its passages are indexed; see `documents.services.reindexing`.
    index_version = models.SmallIntegerField(default=0, editable=False)
    pages = models.IntegerField(null=True, blank=True)
    passage_count = models.IntegerField(default=0, editable=False)
    tags = models.ManyToManyField(Tag, blank=True, related_name="documents")
    # Which file of its place this is, and since when; without a time, since it was made.
    version = models.IntegerField(default=1, editable=False)
    version_since = models.DateTimeField(null=True, editable=False)

    writable: bool  # only after `with_writable()`
    failure: str  # only after `with_failure()`

    objects: ClassVar = AliveManager.from_queryset(DocumentQuerySet)()
    all_objects: ClassVar = DocumentQuerySet.as_manager()

    class Meta:
        base_manager_name = "all_objects"
        # That a collection gets a content or a place once is the rule of `store_parsed`: what is
        # moved, restored or handed over may meet its like there.
        indexes = [
            models.Index(fields=["collection", "sha256"], name="document_collection_sha256"),
            models.Index(fields=["collection", "path_hash"], name="document_collection_place"),
            models.Index(fields=["collection", "-created_at"], name="document_collection_newest"),
            models.Index(fields=["owner", "-created_at"], name="document_owner_newest"),
            models.Index(fields=["stored_file"], name="document_stored_file"),
            models.Index(
                fields=["-id"],
                condition=Q(index_version__lt=3),
                name="document_outdated_index",
            ),
            models.Index(
                fields=["status"],
                condition=Q(status__in=("searchable", "failed")),
                name="document_unembedded",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class DocumentShare(TimestampedModel):
    """A group that may read one document."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="shares")
    group = models.ForeignKey(Group, models.CASCADE, related_name="document_shares")

    objects = DocumentShareQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "group"], name="document_share_once"),
        ]

    def __str__(self) -> str:
        return f"{self.group_id} may read {self.document_id}"


class Passage(models.Model):
    """A stretch of a document's text that is found and quoted as one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    document = models.ForeignKey(Document, models.CASCADE, related_name="passages", db_index=False)
    ordinal = models.IntegerField()
    text = models.TextField()
    heading = models.TextField(blank=True)
    page = models.IntegerField(null=True)
    start = models.IntegerField()
    end = models.IntegerField()
    # Of a recording: the second at which it is said.
    second = models.IntegerField(null=True)
    # Of `documents.layout`; text, for as JSON of the database it takes thrice the room.
    layout = models.TextField(blank=True, default="", db_default="", editable=False)
    search = SearchVectorField(editable=False)

    objects = PassageQuerySet.as_manager()

    class Meta:
        constraints = [
            # Deferred, because new ordinals are handed out while old rows still have theirs.
            models.UniqueConstraint(
                fields=["document", "ordinal"],
                name="passage_ordinal_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]
        indexes = [
            # A short pending list: every search has to read all of it.
            GinIndex(fields=["search"], name="passage_search", gin_pending_list_limit=512),
        ]

    def __str__(self) -> str:
        return f"passage {self.ordinal} of {self.document_id}"
