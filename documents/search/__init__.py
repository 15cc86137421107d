"""Search over the passages a user may read: by words, by meaning, or both."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from documents.enums import SearchMode
from documents.search.conditions import conditions_of
from documents.search.neighbours import add_context
from documents.search.operators import Understood, understand
from documents.search.query import QueryTerms, VectorQuery, terms_of, vector_query
from documents.search.reranking import depth_of, rerank
from documents.search.scope import has_unread_files, scope_of
from documents.search.statement import SearchPlan, list_newest, run_search
from documents.services.sharing import access_reasons_by_document
from documents.types import SearchAnswer
from quotas.enums import UsageKind
from quotas.services import record_usage
from youworker.core import tracing
from youworker.core.exceptions import Forbidden, InvalidInput, UpstreamUnavailable
from youworker.core.validators import validate_enum, validate_range

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from accounts.models import User
    from documents.models import EmbeddingModel
    from documents.search.scope import Scope
    from documents.types import SearchHit

__all__ = ["search"]

logger = logging.getLogger(__name__)

MOST_RESULTS = 100

# What is measured of a search.
PARTS = ("embed", "search", "rerank")


@validate_enum("mode", SearchMode)
@validate_range("limit", 1, MOST_RESULTS)
@tracing.traced("search")
def search(
    query: str,
    *,
    mode: str = SearchMode.HYBRID,
    limit: int = 10,
    collections: Sequence[UUID] | None = None,
    tags: Sequence[str] | None = None,
    document_ids: Sequence[UUID] | None = None,
    operators: bool = True,
    relax: bool = False,
    explain: bool = False,
    context: bool = False,
    actor: User,
    key_id: UUID | None = None,
    model: EmbeddingModel | None = None,
) -> SearchAnswer:
    """The passages that answer `query` best, of documents the actor may read.

    The operators in it are obeyed unless told otherwise; when nothing has its phrases, `relax`
    looks for their words. `explain` tells staff why each stands where it does, and raises
    `Forbidden` for others; `context` adds the rests of sentences that passages cut. Without its
    embedding model, a hybrid search goes by words alone and says so in `mode`; a semantic one
    raises `UpstreamUnavailable`. A given `model`, instead of the active one, is being evaluated:
    that is nobody's use of the installation.
    """
    watch = Stopwatch()
    if "\x00" in query:
        raise InvalidInput("Null characters are not allowed.", attr="query")
    if explain and not actor.is_staff:
        raise Forbidden("Only staff may ask why something was found.")
    query = query.strip()
    understood = understand(query) if operators else Understood(query)
    scope = scope_of(
        actor, understood, collections=collections, tags=tags, document_ids=document_ids
    )
    plan = plan_of(understood, mode, watch, model)
    # Before the search: a file may be read while it goes on.
    incomplete = has_unread_files(actor)
    with watch.measures("search"):
        depth = depth_of(understood.text, limit)
        results = find_passages(scope, plan, understood, depth)
        if not results and relax and understood.phrases:
            understood = replace(understood, relaxed=True)
            results = find_passages(scope, plan, understood, depth)
    with watch.measures("rerank"):
        reranked = rerank(understood.text, results) if understood.has_words else None
    results = (reranked or results)[:limit]
    if context and results:
        add_context(results)
    if explain:
        add_reasons(results, actor)
    took = watch.total()
    tracing.note(mode=plan.mode, results=len(results), user_id=actor.pk)
    if model is None:
        record_usage(
            UsageKind.SEARCH, actor.pk, key_id=key_id, name=plan.mode, duration_ms=round(took)
        )
    return SearchAnswer(
        *(results, took, plan.mode, watch.parts, understood),
        reranked=reranked is not None,
        only_similar=is_only_similar(results, plan),
        incomplete=incomplete,
    )


def plan_of(
    understood: Understood, mode: str, watch: Stopwatch, model: EmbeddingModel | None = None
) -> SearchPlan:
    """What to look for: words, a vector, or both."""
    query = understood.text
    terms: QueryTerms | None = None
    vector: VectorQuery | None = None
    if not understood.has_words and understood.restricts:
        return SearchPlan(str(mode), None, None)
    if mode != SearchMode.SEMANTIC:
        terms = terms_of(query)
    if mode != SearchMode.KEYWORD and query:
        try:
            with watch.measures("embed"):
                vector = vector_query(query, model)
        except UpstreamUnavailable:
            if mode == SearchMode.SEMANTIC:
                raise
            logger.warning("no embedding model, searching by words alone", exc_info=True)
            mode = SearchMode.KEYWORD
    return SearchPlan(str(mode), terms, vector)


def find_passages(
    scope: Scope | None, plan: SearchPlan, understood: Understood, limit: int
) -> list[SearchHit]:
    """What fits best; for filters without words the newest documents."""
    if scope is None:
        return []
    conditions = conditions_of(understood)
    if not understood.has_words and understood.restricts:
        return list_newest(scope, conditions, limit=limit)
    return run_search(scope, replace(plan, conditions=conditions), limit=limit)


def is_only_similar(hits: Sequence[SearchHit], plan: SearchPlan) -> bool:
    """Whether words were looked for, too, and none of the hits has one.

    No cosine tells what is near from what is merely the nearest.
    """
    is_hybrid = plan.mode == SearchMode.HYBRID and plan.vector is not None
    return is_hybrid and bool(hits) and all(hit.keyword_score is None for hit in hits)


def add_reasons(hits: Sequence[SearchHit], actor: User) -> None:
    """Note by which rights the actor sees the documents of some hits."""
    found = list({hit.document_id for hit in hits})
    reasons = access_reasons_by_document(found, actor)
    for hit in hits:
        hit.access = reasons[hit.document_id]


class Stopwatch:
    """Runs from when it is made, and measures named parts, in milliseconds."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.parts = dict.fromkeys(PARTS, 0.0)

    @contextmanager
    def measures(self, part: str) -> Iterator[None]:
        """Add the time of a block to a part."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.parts[part] = round(self.parts[part] + milliseconds_since(began), 1)

    def total(self) -> float:
        """The time so far."""
        return round(milliseconds_since(self.began), 1)


def milliseconds_since(began: float) -> float:
    """The milliseconds since a reading of the clock."""
    return (time.perf_counter() - began) * 1000
