"""Search over the passages a user may read: by words, by meaning, or both."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from documents.enums import SearchMode
from documents.models import Document
from documents.search.query import QueryTerms, VectorQuery, terms_of, vector_query
from documents.search.statement import SearchPlan, run_search
from documents.types import SearchAnswer
from quotas.enums import UsageKind
from quotas.services import record_usage
from youworker.core.exceptions import InvalidInput, UpstreamUnavailable
from youworker.core.validators import validate_enum, validate_range

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from accounts.models import User
    from documents.managers import DocumentQuerySet
    from documents.models import EmbeddingModel

__all__ = ["search"]

logger = logging.getLogger(__name__)

MOST_RESULTS = 100


@validate_enum("mode", SearchMode)
@validate_range("limit", 1, MOST_RESULTS)
def search(
    query: str,
    *,
    mode: str = SearchMode.HYBRID,
    limit: int = 10,
    collections: Sequence[UUID] | None = None,
    tags: Sequence[str] | None = None,
    document_ids: Sequence[UUID] | None = None,
    actor: User,
    key_id: UUID | None = None,
    model: EmbeddingModel | None = None,
) -> SearchAnswer:
    """The passages that answer `query` best, of documents the actor may read.

    Without its embedding model, a hybrid search goes by words alone and says so in `mode`;
    a semantic one raises `UpstreamUnavailable`. A given `model`, instead of the active one, is
    being evaluated: that is nobody's use of the installation.
    """
    began = time.perf_counter()
    if "\x00" in query:
        raise InvalidInput("Null characters are not allowed.", attr="query")
    scope = documents_in(actor, collections, tags, document_ids)
    plan = plan_of(query.strip(), mode, model)
    results = run_search(scope, plan, limit=limit)
    took = round((time.perf_counter() - began) * 1000, 1)
    if model is None:
        record_usage(
            UsageKind.SEARCH, actor.pk, key_id=key_id, name=plan.mode, duration_ms=round(took)
        )
    return SearchAnswer(results, took, plan.mode)


def documents_in(
    actor: User,
    collections: Sequence[UUID] | None,
    tags: Sequence[str] | None,
    document_ids: Sequence[UUID] | None,
) -> DocumentQuerySet:
    """The documents to search; an empty list of filters is no filter."""
    scope: DocumentQuerySet = Document.objects.visible_to(actor)
    if collections:
        scope = scope.filter(collection__in=list(collections))
    if document_ids:
        scope = scope.filter(pk__in=list(document_ids))
    return scope.tagged(tags or ())


def plan_of(query: str, mode: str, model: EmbeddingModel | None = None) -> SearchPlan:
    """What to look for: words, a vector, or both."""
    terms: QueryTerms | None = None
    vector: VectorQuery | None = None
    if mode != SearchMode.SEMANTIC:
        terms = terms_of(query)
    if mode != SearchMode.KEYWORD and query:
        try:
            vector = vector_query(query, model)
        except UpstreamUnavailable:
            if mode == SearchMode.SEMANTIC:
                raise
            logger.warning("no embedding model, searching by words alone", exc_info=True)
            mode = SearchMode.KEYWORD
    return SearchPlan(str(mode), terms, vector)
