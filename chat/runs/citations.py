"""The passages of a run: their numbers, how models read them, and who may see them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chat.agent.prompt import fenced
from documents.layout import cells_of
from documents.models import Document, Passage, VersionPassage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from accounts.models import User
    from chat.models import Citation

# Our search tools give at most 50; a longer list is not one of theirs.
MOST_RESULTS = 100


@dataclass(frozen=True, slots=True)
class Source:
    """A passage under the number by which it is cited, as the database had it when it was read."""

    number: int
    passage_id: UUID
    document_id: UUID
    title: str
    heading: str
    page: int | None
    start: int
    end: int
    text: str
    # Of the document; states that former versions stored lack these.
    language: str = ""
    second: int | None = None
    # Of `documents.layout`.
    layout: str = ""

    def as_json(self) -> dict[str, Any]:
        """The passage as data for models that read no text."""
        return {
            "n": self.number,
            "chunk_id": str(self.passage_id),
            "text": self.text,
            "heading": self.heading,
            "page": self.page,
            "cells": cells_of(self.layout),
            "document": {
                "id": str(self.document_id),
                "title": self.title,
                "language": self.language,
            },
        }


@dataclass(slots=True)
class CitationIndex:
    """The passages a run has seen, numbered as they were found.

    `numbers` are those that readers see instead, in the order in which the answer names them.
    """

    sources: list[Source] = field(default_factory=list)
    by_id: dict[UUID, Source] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)

    @classmethod
    def from_json(cls, rows: list[dict[str, Any]]) -> CitationIndex:
        """The book as `to_json` wrote it."""
        ids = ("passage_id", "document_id")
        sources = [Source(**{**row, **{name: UUID(row[name]) for name in ids}}) for row in rows]
        return cls(sources, {source.passage_id: source for source in sources})

    def to_json(self) -> list[dict[str, Any]]:
        """Every passage as it was read, in the order of the numbers."""
        rows = [asdict(source) for source in self.sources]
        ids = ("passage_id", "document_id")
        return [{**row, **{name: str(row[name]) for name in ids}} for row in rows]

    def named_sources(self) -> dict[int, Source]:
        """The passages that the answer names, by the numbers that readers see."""
        return {shown: self.sources[number - 1] for number, shown in self.numbers.items()}

    def enter(self, passage: Passage) -> Source:
        """The passage under its number, a new one when it was not seen before."""
        if passage.pk not in self.by_id:
            source = source_of(passage, len(self.sources) + 1)
            self.sources.append(source)
            self.by_id[passage.pk] = source
        return self.by_id[passage.pk]


def source_of(passage: Passage, number: int) -> Source:
    """A stored passage under a number."""
    return Source(
        number=number,
        passage_id=passage.pk,
        document_id=passage.document_id,
        title=passage.document.title,
        heading=passage.heading,
        page=passage.page if passage.page and passage.page > 0 else None,
        start=max(passage.start, 0),
        end=max(passage.end, 0),
        text=passage.text,
        language=passage.document.language,
        second=None if passage.second is None else max(passage.second, 0),
        layout=passage.layout,
    )


def found_ids(structured: Any) -> list[UUID] | None:
    """The passages a search tool of ours has found; None when this is no search result."""
    results = structured.get("results") if isinstance(structured, dict) else None
    if not isinstance(results, list):
        return None
    named = (row.get("chunk_id") for row in results[:MOST_RESULTS] if isinstance(row, dict))
    return [pk for pk in map(id_of, named) if pk is not None]


def id_of(value: Any) -> UUID | None:
    """The UUID written in `value`, if it is one."""
    try:
        return UUID(str(value))
    except ValueError:
        return None


def read_passages(ids: Sequence[UUID], *, user: User) -> list[Passage]:
    """The stored passages with these ids that `user` may read, in the same order.

    A run knows nothing of a passage but what this gives: a tool only names it.
    """
    rows = Passage.objects.visible_to(user).filter(pk__in=ids).select_related("document")
    by_id = {row.pk: row for row in rows.defer("search")}
    return [by_id[pk] for pk in dict.fromkeys(ids) if pk in by_id]


def passages_for_model(sources: Sequence[Source], *, limit: int) -> str:
    """Numbered passages, each fenced with its origin, sharing `limit` characters."""
    if not sources:
        return "Nothing was found in the documents."
    share = max(300, limit // len(sources))
    return "\n".join(
        f"[{source.number}]\n" + fenced(source.text, origin=origin(source), limit=share)
        for source in sources
    )


def origin(source: Source) -> str:
    """Title, heading, and page or cells of a passage."""
    page = f"page {source.page}" if source.page else ""
    parts = (source.title, source.heading, page, cells_of(source.layout))
    return ", ".join(filter(None, parts))


def unlink_unseen(citations: Iterable[Citation], *, user: User) -> list[Citation]:
    """The citations without links to what went, or left the user's sight, since it was read.

    The quote stays: the user may have read it in the answer already.
    """
    found = list(citations)
    if not found:
        return found
    ids = {one.passage_id for one in found if one.passage_id is not None}
    documents = Document.objects.visible_to(user).filter(pk__in=[one.document_id for one in found])
    seen_passages = visible_passages(ids, user=user)
    seen_documents = set(documents.values_list("pk", flat=True))
    for one in found:
        if one.passage_id not in seen_passages:
            one.passage_id = one.passage_text = one.passage_layout = None
        one.document_id = one.document_id if one.document_id in seen_documents else None
    return found


def visible_passages(ids: set[UUID], *, user: User) -> set[UUID]:
    """Those passages that the user may read, in documents as they are or in older versions."""
    rows = Passage.objects.visible_to(user).filter(pk__in=ids)
    seen = set(rows.values_list("pk", flat=True))
    # In this order: a passage becomes an older version's, never the other way round.
    if gone := ids - seen:
        older = VersionPassage.objects.visible_to(user).cited_as(gone)
        seen.update(older.values_list("passage_id", flat=True))
    return seen
