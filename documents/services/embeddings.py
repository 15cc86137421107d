"""The active embedding model, and the vectors of passages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, transaction

from documents.embedding import configured_model, embedder_of, prompts_for
from documents.models import EmbeddingModel
from youworker.core.sql import lock_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    import numpy as np
    from numpy.typing import NDArray

INDEX_LOCK = "documents.embedding.index"

# A passage that is replaced meanwhile is left out, and so is a model that was dropped; what is here
# stays until the commit.
INSERT = """
    INSERT INTO documents_passageembedding (passage_id, document_id, model_id, vector)
    SELECT p.id, p.document_id, m.id, v.vector::halfvec
    FROM unnest(%(ids)s::uuid[], %(vectors)s::text[]) AS v(id, vector)
    JOIN documents_passage AS p ON p.id = v.id
    JOIN documents_embeddingmodel AS m ON m.id = %(model)s::uuid
    FOR KEY SHARE OF p, m
    ON CONFLICT DO NOTHING
"""


def ensure_active_model() -> EmbeddingModel:
    """The model that answers searches; created from the configuration on first use."""
    found = EmbeddingModel.objects.active().first()
    if found is not None:
        return found
    provider, name, dimensions = configured_model()
    prompts = prompts_for(name)
    draft = EmbeddingModel(
        provider=provider,
        name=name,
        dimensions=dimensions,
        query_prompt=prompts.query,
        passage_prompt=prompts.passage,
        active=True,
    )
    with transaction.atomic():
        EmbeddingModel.objects.bulk_create([draft], ignore_conflicts=True)
        made = EmbeddingModel.objects.active().get()
        build_index(made, concurrently=False)
    return made


def embed_query(model: EmbeddingModel, text: str) -> NDArray[np.float32]:
    """The vector to search with, shape [dimensions]; raises `UpstreamUnavailable`."""
    embedder = embedder_of(model.provider, model.name, model.dimensions)
    return embedder.embed_question(text, model.query_prompt)


def embed_passages(model: EmbeddingModel, texts: Sequence[str]) -> NDArray[np.float32]:
    """The vectors of passages, shape [texts, dimensions]; raises `UpstreamUnavailable`.

    `VectorsUnusable`, which is one, when the model cannot do it for one of the texts.
    """
    embedder = embedder_of(model.provider, model.name, model.dimensions)
    return embedder.embed([model.passage_prompt + text for text in texts])


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
    if concurrently:
        drop_broken_index(model)
    name = connection.ops.quote_name(model.index_name)
    how = "CONCURRENTLY" if concurrently else ""
    # Neither part can be a parameter; both are made of numbers.
    statement = (
        f"CREATE INDEX {how} IF NOT EXISTS {name} ON documents_passageembedding"
        f" USING hnsw ((vector::halfvec({model.dimensions:d})) halfvec_cosine_ops)"
        f" WHERE model_id = '{model.pk}'"
    )
    if not concurrently:
        lock_names(INDEX_LOCK)
    with connection.cursor() as cursor:
        cursor.execute(statement)


def drop_broken_index(model: EmbeddingModel) -> None:
    """Remove what is left of an index whose making was interrupted: it would pass for a whole."""
    broken = """
        SELECT FROM pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid
    """
    with connection.cursor() as cursor:
        cursor.execute(broken, [model.index_name])
        if cursor.fetchone() is not None:
            drop_index(model)


def drop_index(model: EmbeddingModel) -> None:
    """Remove the index of a model while others read and write; not in a transaction."""
    name = connection.ops.quote_name(model.index_name)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
