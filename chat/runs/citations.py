"""Numbering the passages of a run, and turning the `[n]` of its answer into citations."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chat.agent.prompt import fenced
from chat.models import Citation, Message
from documents.models import Document, Passage
from documents.quoting.sentences import content_words, overlap, split_sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from accounts.models import User

MARK = re.compile(r"\[(\d{1,3})\]")
SUPPORTED_FROM = 0.5
QUOTE_CHARACTERS = 600
# Our search tools give at most 50; a longer list is not one of theirs.
MOST_RESULTS = 100
# Nobody reads more, and each is a row and an event.
MOST_CITATIONS = 200
# What one citation is compared with: a model may write the same number thousands of times.
MOST_SENTENCES = 50
SENTENCE_CHARACTERS = 5000
# Documents too short to tell their language are compared as if they were in this one.
UNKNOWN_LANGUAGE = "en"


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
    # Of the document; states that former versions stored lack it.
    language: str = ""

    def as_json(self) -> dict[str, Any]:
        """The passage as data for models that read no text."""
        return {
            "n": self.number,
            "chunk_id": str(self.passage_id),
            "text": self.text,
            "heading": self.heading,
            "page": self.page,
            "document": {
                "id": str(self.document_id),
                "title": self.title,
                "language": self.language,
            },
        }


@dataclass(slots=True)
class CitationIndex:
    """The passages a run has seen, numbered in order of first appearance."""

    sources: list[Source] = field(default_factory=list)
    by_id: dict[UUID, Source] = field(default_factory=dict)

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
    """Title, heading and page of a passage."""
    page = f", page {source.page}" if source.page else ""
    heading = f", {source.heading}" if source.heading else ""
    return f"{source.title}{heading}{page}"


def citations_of(answer: Message, text: str, book: CitationIndex) -> list[Citation]:
    """One unsaved citation for each number of the text that stands for a passage, in their order.

    Supported means that every sentence which carries the number shares most of its content
    words with the passage.
    """
    if not book.sources:
        return []
    marked = marked_sentences(text, len(book.sources))
    words: dict[tuple[str, str], frozenset[str]] = {}
    return [
        Citation(
            message=answer,
            index=number,
            document_id=source.document_id,
            passage_id=source.passage_id,
            title=source.title,
            heading=source.heading,
            page=source.page,
            start=source.start,
            end=source.end,
            quote=source.text[:QUOTE_CHARACTERS],
            supported=is_supported(marked[number], source, words),
        )
        for number in sorted(marked)
        for source in [book.sources[number - 1]]
    ]


def marked_sentences(text: str, most: int) -> dict[int, list[str]]:
    """The different sentences that carry each number from 1 to `most`, without their marks.

    A number has one sentence more than `MOST_SENTENCES` at most: that many are too many.
    """
    marked: dict[int, dict[str, None]] = {}
    for sentence in sentences_with_marks(text):
        numbers = {int(found) for found in MARK.findall(sentence)}
        if not numbers:
            continue
        plain = MARK.sub("", sentence)
        for number in sorted(numbers):
            if not 1 <= number <= most or (number not in marked and len(marked) >= MOST_CITATIONS):
                continue
            carrying = marked.setdefault(number, {})
            if len(carrying) <= MOST_SENTENCES:
                carrying[plain] = None
    return {number: list(carrying) for number, carrying in marked.items()}


def sentences_with_marks(text: str) -> list[str]:
    """The sentences of an answer; marks that follow a closing quote belong to it."""
    joined: list[list[str]] = []
    for piece in split_sentences(text):
        if joined and not MARK.sub("", piece).strip(" .,;"):
            joined[-1].append(piece)
        else:
            joined.append([piece])
    return [" ".join(pieces) for pieces in joined]


def is_supported(
    sentences: Sequence[str], source: Source, known: dict[tuple[str, str], frozenset[str]]
) -> bool:
    """Whether the passage holds most of each sentence; false for more than can be compared.

    `known` remembers the words of sentences that carry several numbers, by language.
    """
    if len(sentences) > MOST_SENTENCES or any(len(s) > SENTENCE_CHARACTERS for s in sentences):
        return False
    language = source.language or UNKNOWN_LANGUAGE
    there = content_words(source.text, language)
    for sentence in sentences:
        key = (language, sentence)
        if key not in known:
            known[key] = content_words(sentence, language)
        if overlap(known[key], there) < SUPPORTED_FROM:
            return False
    return True


def unlink_unseen(citations: Iterable[Citation], *, user: User) -> list[Citation]:
    """The citations without links to what went, or left the user's sight, since it was read.

    The quote stays: the user may have read it in the answer already.
    """
    found = list(citations)
    if not found:
        return found
    passages = Passage.objects.visible_to(user).filter(pk__in=[one.passage_id for one in found])
    documents = Document.objects.visible_to(user).filter(pk__in=[one.document_id for one in found])
    seen_passages = set(passages.values_list("pk", flat=True))
    seen_documents = set(documents.values_list("pk", flat=True))
    for one in found:
        one.passage_id = one.passage_id if one.passage_id in seen_passages else None
        one.document_id = one.document_id if one.document_id in seen_documents else None
    return found
