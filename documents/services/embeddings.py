"""Embedding models, and the vectors of passages."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from documents.embedding import configured_model, embedder_of
from documents.exceptions import ModelIncomplete, VectorsUnusable
from documents.models import EmbeddingModel, Passage, PassageEmbedding
from youworker.common import audit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    import numpy as np
    from numpy.typing import NDArray

    from accounts.models import User

logger = logging.getLogger(__name__)

# Passages between two heartbeats: about half a second of a small model on one core.
BATCH = 32
INDEX_LOCK = "documents.embedding.index"

# A passage that is replaced meanwhile is left out; one that is here stays until the commit.
INSERT = """
    INSERT INTO documents_passageembedding (passage_id, document_id, model_id, vector)
    SELECT p.id, p.document_id, %(model)s::uuid, v.vector::halfvec
    FROM unnest(%(ids)s::uuid[], %(vectors)s::text[]) AS v(id, vector)
    JOIN documents_passage AS p ON p.id = v.id
    FOR KEY SHARE OF p
    ON CONFLICT DO NOTHING
"""


def active_model() -> EmbeddingModel:
    """The model that answers searches; created from the configuration on first use."""
    found = EmbeddingModel.objects.active().first()
    if found is not None:
        return found
    provider, name, dimensions = configured_model()
    draft = EmbeddingModel(provider=provider, name=name, dimensions=dimensions, active=True)
    with transaction.atomic():
        EmbeddingModel.objects.bulk_create([draft], ignore_conflicts=True)
        made = EmbeddingModel.objects.active().get()
        build_index(made, concurrently=False)
    return made


def embed_document(
    document_id: UUID, *, heartbeat: Callable[[], None], model: EmbeddingModel | None = None
) -> int:
    """Compute the vectors that a document's passages lack; how many there were.

    No transaction is open while the model computes, and `heartbeat` is called between batches;
    what it raises ends the work. Raises `UpstreamUnavailable`, and `VectorsUnusable` when the
    model cannot do it for some of the passages. What was computed stays.
    """
    model = model or active_model()
    missing = Passage.objects.filter(document=document_id).without_vector(model)
    rows = list(missing.order_by("ordinal").values_list("pk", "document__title", "heading", "text"))
    work = DocumentEmbedding(model, heartbeat)
    try:
        for first in range(0, len(rows), BATCH):
            work.embed(rows[first : first + BATCH])
    except Exception as interruption:
        # Whoever got nowhere has failed, and is not to be called again as if time were short.
        if work.refusal is not None and not work.stored:
            raise work.refusal from interruption
        raise
    if work.refusal is not None:
        raise work.refusal
    return len(rows)


@dataclass(slots=True)
class DocumentEmbedding:
    """One pass over the passages of a document that lack a vector."""

    model: EmbeddingModel
    heartbeat: Callable[[], None]
    stored: int = 0
    refusal: VectorsUnusable | None = None

    def embed(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Compute and store the vectors of some passages, each an id and the parts of its text.

        When the model refuses them together, they are tried one by one: a single passage must
        not cost its neighbours theirs. Raises `VectorsUnusable` when it refuses all of them.
        """
        model, before = self.model, self.stored
        try:
            embedder = embedder_of(model.provider, model.name, model.dimensions)
            vectors = embedder.embed([embedded_text(*parts) for _, *parts in rows])
        except VectorsUnusable as error:
            self.refusal = error
            for row in rows if len(rows) > 1 else ():
                self.embed([row])
            if len(rows) > 1 and self.stored == before:
                raise
        else:
            store_vectors(model, [pk for pk, *_ in rows], vectors)
            self.stored += len(rows)
        self.heartbeat()


def embedded_text(title: str, heading: str, text: str) -> str:
    """What is embedded for a passage: its place in the document says what it is about."""
    place = heading if heading.startswith(title) else " > ".join(filter(None, (title, heading)))
    return f"{place}\n{text}" if place else text


def store_vectors(model: EmbeddingModel, ids: Sequence[UUID], vectors: NDArray[np.float32]) -> None:
    """Write vectors of shape [passages, dimensions]; those that exist already stay."""
    texts = [as_text(vector) for vector in vectors]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, {"model": model.pk, "ids": list(ids), "vectors": texts})


def as_text(vector: NDArray[np.float32]) -> str:
    """A vector as pgvector reads it."""
    return "[" + ",".join(f"{number:.6g}" for number in vector.tolist()) + "]"


def build_index(model: EmbeddingModel, *, concurrently: bool = True) -> None:
    """Create the HNSW index over one model's vectors, unless it is there.

    `concurrently` lets writers go on and cannot run in a transaction.
    """
    name = connection.ops.quote_name(model.index_name)
    how = "CONCURRENTLY" if concurrently else ""
    # Neither part can be a parameter; both are made of numbers.
    statement = (
        f"CREATE INDEX {how} IF NOT EXISTS {name} ON documents_passageembedding"
        f" USING hnsw ((vector::halfvec({model.dimensions:d})) halfvec_cosine_ops)"
        f" WHERE model_id = '{model.pk}'"
    )
    with connection.cursor() as cursor:
        if not concurrently:
            lock = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
            cursor.execute(lock, [INDEX_LOCK])
        cursor.execute(statement)


def prepare_model(provider: str, name: str, dimensions: int) -> EmbeddingModel:
    """A model to be filled beside the active one; its index grows with its vectors."""
    made, _ = EmbeddingModel.objects.get_or_create(
        provider=provider, name=name, dimensions=dimensions
    )
    build_index(made)
    return made


def missing_vectors(model: EmbeddingModel) -> int:
    """How many passages of living documents the model has not embedded."""
    alive = Passage.objects.filter(document__deleted_at__isnull=True)
    return alive.without_vector(model).count()


@transaction.atomic
def activate_model(model: EmbeddingModel, *, actor: User | None = None) -> None:
    """Let a complete model answer searches from now on; also the way back to an earlier one.

    Raises `ModelIncomplete` while passages lack its vectors.
    """
    missing = missing_vectors(model)
    if missing:
        raise ModelIncomplete(f"{missing} passages have no vector of {model.name!r} yet.")
    EmbeddingModel.objects.active().exclude(pk=model.pk).update(active=False)
    model.active = True
    model.save_fields("active")
    audit.record("admin.settings.update", actor=actor, target=model, setting="embedding_model")


@transaction.atomic
def drop_model(model: EmbeddingModel, *, actor: User | None = None) -> None:
    """Remove a model that is not active, with its vectors and its index."""
    if EmbeddingModel.objects.active().filter(pk=model.pk).exists():
        raise ModelIncomplete("The active embedding model cannot be removed.")
    audit.record("admin.settings.update", actor=actor, target=model, setting="embedding_model")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {connection.ops.quote_name(model.index_name)}")
    PassageEmbedding.objects.of_model(model).delete()
    model.delete()
