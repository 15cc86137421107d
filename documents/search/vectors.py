"""The vector of a query."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from documents.embedding import embedder_of
from documents.services.embeddings import active_model, as_text

if TYPE_CHECKING:
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class VectorQuery:
    """A query as one model understands it."""

    model_id: UUID
    dimensions: int
    vector: str


def vector_query(query: str) -> VectorQuery:
    """Embed a query with the active model; raises `UpstreamUnavailable`."""
    model = active_model()
    vector = embedded(query, model.provider, model.name, model.dimensions)
    return VectorQuery(model.pk, model.dimensions, vector)


@lru_cache(maxsize=512)
def embedded(query: str, provider: str, name: str, dimensions: int) -> str:
    """The vector of a query; the same question is often asked twice, for each leg or page."""
    return as_text(embedder_of(provider, name, dimensions).embed([query])[0])
