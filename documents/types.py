"""What travels between this app and the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from documents.layout import cells_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from documents.search.operators import Understood


@dataclass(frozen=True, slots=True)
class PassageDraft:
    """A passage before it is stored; offsets are characters of the parsed text."""

    ordinal: int
    text: str
    heading: str
    page: int | None
    start: int
    end: int
    # Of a recording: the second at which it is said.
    second: int | None = None
    # Where it stands in its original: of `documents.layout`.
    layout: str = ""


class HitContext(NamedTuple):
    """The rests of a hit's first and last sentence in the passages around it; mostly empty."""

    before: str
    after: str


@dataclass(slots=True)
class SearchHit:
    """A passage that answers a query, with the document it is from."""

    chunk_id: UUID
    text: str
    score: float
    page: int | None
    heading: str
    start: int
    end: int
    document_id: UUID
    title: str
    uri: str
    mime: str
    language: str
    collection_id: UUID
    # What each leg gave it; none when it did not find it.
    keyword_score: float | None = None
    semantic_score: float | None = None
    # Of a recording: the second at which it is said.
    second: int | None = None
    layout: str = ""
    # Of both together, and of the reranker; `score` is by what it was placed.
    fused_score: float | None = None
    rerank_score: float | None = None
    # By which rights the caller sees the document, where that was asked for.
    access: list[AccessReason] | None = None
    # Where that was asked for.
    context: HitContext | None = None

    @property
    def cells(self) -> str:
        """Of a spreadsheet: the cells that it shows, as `Sales!A2:F40`."""
        return cells_of(self.layout)

    @property
    def whole_text(self) -> str:
        """The text with the rests of its sentences."""
        around = self.context or HitContext("", "")
        return " ".join(filter(None, (around.before, self.text, around.after)))

    def as_json(self) -> dict[str, Any]:
        """The hit as `POST /v1/search` answers it."""
        asked_for: dict[str, Any] = {}
        if self.access is not None:
            asked_for["explain"] = self.explain(self.access)
        if self.context is not None:
            asked_for["context"] = self.context._asdict()
        return {
            "chunk_id": str(self.chunk_id),
            "text": self.text,
            "score": self.score,
            "page": self.page,
            "heading": self.heading,
            "start": self.start,
            "end": self.end,
            "second": self.second,
            "cells": self.cells,
            "document": {
                "id": str(self.document_id),
                "title": self.title,
                "uri": self.uri,
                "mime": self.mime,
                "language": self.language,
                "collection_id": str(self.collection_id),
            },
            **asked_for,
        }

    def explain(self, access: Sequence[AccessReason]) -> dict[str, Any]:
        """Why it stands where it does, and by which rights the caller sees it."""
        scores = {"keyword": self.keyword_score, "semantic": self.semantic_score}
        return {
            "legs": [leg for leg, score in scores.items() if score is not None],
            "keyword_score": self.keyword_score,
            "semantic_score": self.semantic_score,
            "fused_score": self.score if self.fused_score is None else self.fused_score,
            "rerank_score": self.rerank_score,
            "access": [reason.as_json() for reason in access],
        }


@dataclass(slots=True)
class SearchAnswer:
    """The hits, best first, the time they took, and the mode that was really used.

    Times are milliseconds, by part in `took`.
    """

    results: list[SearchHit]
    took_ms: float
    mode: str
    took: dict[str, float]
    understood: Understood
    reranked: bool = False
    # None of the hits has a word that was looked for: they are the nearest in meaning, however far.
    only_similar: bool = False
    # Files that whoever searches handed in are still to be read, so nothing of them was found.
    incomplete: bool = False

    def as_json(self) -> dict[str, Any]:
        """The answer of `POST /v1/search`."""
        return {
            "results": [hit.as_json() for hit in self.results],
            "took_ms": self.took_ms,
            "took": self.took,
            "mode": self.mode,
            "understood": self.understood.as_json(),
            "reranked": self.reranked,
            "only_similar": self.only_similar,
            "incomplete": self.incomplete,
        }


@dataclass(frozen=True, slots=True)
class AccessReason:
    """One reason why somebody sees a document."""

    kind: str
    access: str
    group_id: UUID | None = None
    group_name: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The reason as the API tells it."""
        return {
            "kind": self.kind,
            "access": str(self.access),
            "group_id": str(self.group_id) if self.group_id else None,
            "group_name": self.group_name,
        }
