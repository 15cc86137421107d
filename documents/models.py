"""Collections, documents, the passages they are quoted by, and the passages' vectors."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from pgvector.django import HalfVectorField

from documents.enums import (
    Access,
    DocumentStatus,
    ModelState,
    Provider,
    TaskPriority,
    TaskState,
)
from documents.managers import (
    CollectionQuerySet,
    CollectionShareQuerySet,
    DocumentQuerySet,
    DocumentShareQuerySet,
    EmbeddingModelQuerySet,
    EmbeddingTaskQuerySet,
    PassageEmbeddingQuerySet,
    PassageQuerySet,
    StoredFileQuerySet,
    TagQuerySet,
)
from groups.models import Group
from youworker.core.ids import uuid7
from youworker.core.leases import LeasedModel
from youworker.core.managers import AliveManager
from youworker.core.models import SoftDeleteModel, TimestampedModel


class Collection(SoftDeleteModel):
    """A shelf of documents with one owner, shared with groups as a whole."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="collections")
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    is_default = models.BooleanField(default=False, editable=False)

    document_count: int  # only after `with_document_count()`

    objects: ClassVar = AliveManager.from_queryset(CollectionQuerySet)()
    all_objects: ClassVar = CollectionQuerySet.as_manager()

    class Meta:
        base_manager_name = "all_objects"
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                condition=Q(deleted_at__isnull=True, is_default=False),
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
    name = models.CharField(max_length=64, unique=True)

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
    title = models.CharField(max_length=500)
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
    text_config = models.CharField(max_length=32, default="simple", editable=False, db_index=True)
    pages = models.IntegerField(null=True, blank=True)
    passage_count = models.IntegerField(default=0, editable=False)
    tags = models.ManyToManyField(Tag, blank=True, related_name="documents")

    writable: bool  # only after `with_writable()`

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


class EmbeddingModel(TimestampedModel, LeasedModel):
    """A model whose vectors are stored; the active one answers searches.

    Whoever prepares or drops it holds the lease; without a token `lease_until` is how long its
    server, which did not answer, is left alone.
    """

    provider = models.CharField(max_length=16, choices=Provider)
    name = models.CharField(max_length=200)
    dimensions = models.IntegerField()
    active = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=ModelState, default=ModelState.ENABLED)
    # Failures in a row of its server, or of preparing it, and what the last one was.
    failures = models.IntegerField(default=0, editable=False)
    error = models.TextField(blank=True, editable=False)

    documents_left: int  # these only after `with_progress()`
    documents_failed: int
    passages_left: int

    objects = EmbeddingModelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "name", "dimensions"], name="embedding_model_once"
            ),
            models.UniqueConstraint(
                fields=["active"],
                condition=Q(active=True),
                name="embedding_model_one_active",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.provider}, {self.dimensions})"

    @property
    def index_name(self) -> str:
        """The name of the HNSW index over this model's vectors."""
        return f"documents_hnsw_{self.pk.hex}"


class PassageEmbedding(models.Model):
    """One model's vector of one passage."""

    id = models.BigAutoField(primary_key=True)
    passage = models.ForeignKey(Passage, models.CASCADE, related_name="embeddings", db_index=False)
    # Repeated from the passage: rights are checked while the vector index is walked.
    document = models.ForeignKey(Document, models.CASCADE, related_name="+")
    model = models.ForeignKey(
        EmbeddingModel, models.CASCADE, related_name="vectors", db_index=False
    )
    # No fixed length: every model has its own, and its own partial index.
    vector = HalfVectorField()

    objects = PassageEmbeddingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["passage", "model"], name="passage_embedded_once"),
        ]

    def __str__(self) -> str:
        return f"vector of {self.passage_id}"


class EmbeddingTask(TimestampedModel, LeasedModel):
    """A document that has to get the vectors of one model; the row goes when it has them."""

    document = models.ForeignKey(
        Document, models.CASCADE, related_name="embedding_tasks", db_index=False
    )
    model = models.ForeignKey(EmbeddingModel, models.CASCADE, related_name="tasks", db_index=False)
    priority = models.SmallIntegerField(choices=TaskPriority, default=TaskPriority.UPLOAD)
    # Stands for the owner at whose turn it is done; a number, so that it names nobody and stays
    # when the document changes hands.
    lane = models.IntegerField(editable=False)
    # What is lowest comes first. Each task of a lane stands as many passages behind the one before
    # it as it has itself, so lanes advance alike, whoever has the most or the longest documents.
    turn = models.BigIntegerField(editable=False)
    state = models.CharField(max_length=16, choices=TaskState, default=TaskState.QUEUED)
    # Verdicts against the document, and workers lost with it.
    failures = models.IntegerField(default=0, editable=False)
    losses = models.IntegerField(default=0, editable=False)
    error_code = models.CharField(max_length=64, blank=True)
    error_detail = models.TextField(blank=True)

    objects = EmbeddingTaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "model"], name="embedding_task_once"),
        ]
        indexes = [
            models.Index(
                fields=["model", "priority", "turn", "document"],
                condition=Q(lease_token__isnull=True),
                name="embedding_task_next",
            ),
            models.Index(fields=["model", "priority", "lane", "turn"], name="embedding_task_lane"),
            models.Index(
                fields=["lease_token"],
                condition=Q(lease_token__isnull=False),
                name="embedding_task_token",
            ),
        ]

    def __str__(self) -> str:
        return f"vectors of {self.document_id}"
