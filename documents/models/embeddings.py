"""Models of vectors, what they have embedded, and what waits for them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from pgvector.django import HalfVectorField

from documents.enums import (
    ModelState,
    Provider,
    TaskPriority,
    TaskState,
)
from documents.managers import (
    EmbeddingModelQuerySet,
    EmbeddingTaskQuerySet,
    PassageEmbeddingQuerySet,
)
from documents.models.library import Document, Passage
from youworker.core.leases import LeasedModel
from youworker.core.models import TimestampedModel


class EmbeddingModel(TimestampedModel, LeasedModel):
    """A model whose vectors are stored; the active one answers searches.

    Whoever prepares or drops it holds the lease; without a token `lease_until` is how long its
    server, which did not answer, is left alone.
    """

    provider = models.CharField(max_length=16, choices=Provider)
    name = models.CharField(max_length=200)
    dimensions = models.IntegerField()
    # What it wants before a question, which may be changed, and what its vectors of passages were
    # made with; see `documents.embedding.prompts`.
    query_prompt = models.CharField(max_length=500, blank=True)
    passage_prompt = models.CharField(max_length=500, blank=True)
    active = models.BooleanField(default=False)
    # When it answered searches last, of one that another took the place of: the way back.
    active_until = models.DateTimeField(null=True, editable=False)
    state = models.CharField(max_length=16, choices=ModelState, default=ModelState.ENABLED)
    # Failures in a row of its server, or of preparing it, and what the last one was.
    failures = models.IntegerField(default=0, editable=False)
    error = models.TextField(blank=True, editable=False)

    documents_left: int  # these only after `with_progress()`
    documents_failed: int
    passages_left: int
    mrr: str | None  # only after `with_mrr()`

    objects = EmbeddingModelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "name", "dimensions", "passage_prompt"],
                name="embedding_model_once",
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
