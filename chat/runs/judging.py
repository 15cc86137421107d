"""What an answer cites, and which of its sentences do not stand in what they cite."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from chat.models import Citation
from chat.runs.marks import read_marks
from documents.layout import position_of
from documents.quoting.claims import cited_spans
from documents.quoting.sentences import MARK, content_words, overlap
from documents.quoting.supporting import best_definition, best_quote, start_of_words
from documents.quoting.units import columns_in
from documents.shown_text import program_language

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from chat.models import Message
    from chat.runs.citations import CitationIndex, Source
    from chat.serializers import SpanShape

SUPPORTED_FROM = 0.5
# Nobody reads more, and each is a row and an event.
MOST_CITATIONS = 200
# What one citation is compared with: a model may write the same number thousands of times.
MOST_SENTENCES = 50
SENTENCE_CHARACTERS = 5000
# A number stands for another passage when that one has so much of all its sentences, and they say
# something; of so many passages and sentences.
MISTAKEN_FROM, FEWEST_WORDS = 0.8, 3
MOST_SOURCES, MOST_MISTAKEN = 50, 3
# Nobody looks at more marked sentences either.
MOST_UNSUPPORTED = 200
# Documents too short to tell their language are compared as if they were in this one.
UNKNOWN_LANGUAGE = "en"

# Of a row: what stands between two bars, without the blanks around it.
CELL = re.compile(r"[^|\s](?:[^|]*[^|\s])?")


class Claim(NamedTuple):
    """A sentence that cites: its place in the answer, its words without marks, its numbers."""

    start: int
    end: int
    plain: str
    numbers: frozenset[int]


class Judgement(NamedTuple):
    """The unsaved citations of an answer by number, and the sentences they do not support."""

    citations: list[Citation]
    unsupported: list[SpanShape]


@dataclass(slots=True)
class Comparison:
    """Compares sentences with passages; remembers the words of both."""

    sources: dict[int, Source]
    said: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    there: dict[UUID, frozenset[str]] = field(default_factory=dict)

    def words_of(self, plain: str, source: Source) -> frozenset[str]:
        """The content words of a sentence in the language of a passage; none of a very long one."""
        language = language_of(source)
        if (language, plain) not in self.said:
            words = content_words(plain, language) if len(plain) <= SENTENCE_CHARACTERS else ()
            self.said[language, plain] = frozenset(words)
        return self.said[language, plain]

    def share(self, source: Source, plain: str) -> float:
        """How much of a sentence's content words a passage has."""
        if source.passage_id not in self.there:
            # The names of its columns may stand above a passage that goes on with a table.
            text = f"{source.text}\n{columns_in(source.heading)}"
            self.there[source.passage_id] = content_words(text, language_of(source))
        return overlap(self.words_of(plain, source), self.there[source.passage_id])

    def supports(self, number: int, plain: str) -> bool:
        """Whether the passage of a number has most of a sentence's content words."""
        return self.share(self.sources[number], plain) >= SUPPORTED_FROM

    def says(self, source: Source, plain: str) -> bool:
        """Whether a passage says what a sentence says, beyond doubt."""
        is_telling = len(self.words_of(plain, source)) >= FEWEST_WORDS
        return is_telling and self.share(source, plain) >= MISTAKEN_FROM


def language_of(source: Source) -> str:
    """The language in which a passage is compared."""
    return source.language or UNKNOWN_LANGUAGE


def judge(answer: Message, text: str, book: CitationIndex) -> Judgement:
    """What a text with the reader's numbers cites.

    A citation is supported when every sentence that carries its number shares most of its content
    words with the passage; its quote is the sentence or two that come closest to the first
    such sentence. A number that a model mistook for another leads to the passage it meant.
    """
    sources = book.named_sources()
    if not sources:
        return Judgement([], [])
    comparison, claims = Comparison(sources), claims_in(text, sources)
    carrying = carrying_sentences(claims)
    correct_mistaken(comparison, claims, carrying, book)
    verdicts = {
        number: {plain: comparison.supports(number, plain) for plain in sentences[:MOST_SENTENCES]}
        for number, sentences in carrying.items()
    }
    citations = [
        citation_of(answer, number, verdicts[number], comparison, len(carrying[number]))
        for number in sorted(verdicts)
    ]
    unsupported: list[SpanShape] = [
        {"start": claim.start, "end": claim.end}
        for claim in claims
        if not all(verdicts.get(number, {}).get(claim.plain, True) for number in claim.numbers)
    ]
    return Judgement(citations, unsupported[:MOST_UNSUPPORTED])


def correct_mistaken(
    comparison: Comparison,
    claims: Iterable[Claim],
    carrying: Mapping[int, Sequence[str]],
    book: CitationIndex,
) -> None:
    """Give numbers the passages that say all of their sentences when their own say none.

    Not where a sentence names several: what one of them lacks the others may have.
    """
    beside = {number for claim in claims if len(claim.numbers) > 1 for number in claim.numbers}
    for number in carrying.keys() - beside:
        sentences = carrying[number]
        if len(sentences) > MOST_MISTAKEN:
            continue
        if any(comparison.supports(number, plain) for plain in sentences):
            continue
        for source in book.sources[:MOST_SOURCES]:
            if all(comparison.says(source, plain) for plain in sentences):
                comparison.sources[number] = source
                break


def carrying_sentences(claims: Iterable[Claim]) -> dict[int, list[str]]:
    """The different sentences that carry each number, of the first numbers that may be cited."""
    found: dict[int, dict[str, None]] = {}
    for claim in claims:
        for number in sorted(claim.numbers):
            if number in found or len(found) < MOST_CITATIONS:
                found.setdefault(number, {})[claim.plain] = None
    return {number: list(sentences) for number, sentences in found.items()}


def citation_of(
    answer: Message, number: int, verdicts: Mapping[str, bool], comparison: Comparison, count: int
) -> Citation:
    """One unsaved citation; `count` sentences carry it, of which some were compared."""
    source = comparison.sources[number]
    held = [plain for plain, is_supported in verdicts.items() if is_supported]
    said = comparison.words_of((held or list(verdicts))[0], source)
    best = best_definition if program_language(source.title) else best_quote
    quote = best(said, source.text, language_of(source))
    page, _, _ = position_of(source.layout, source.page, quote.start, quote.end)
    citation = Citation(
        message=answer,
        index=number,
        document_id=source.document_id,
        passage_id=source.passage_id,
        title=source.title,
        heading=source.heading,
        page=page,
        start=source.start + quote.start,
        end=source.start + quote.end,
        second=source.second,
        quote=source.text[quote.start : quote.end],
        # More than was compared counts as unsupported.
        supported=len(held) == count,
    )
    citation.passage_text, citation.passage_start = source.text, source.start
    citation.passage_layout = source.layout
    return citation


def claims_in(text: str, sources: Mapping[int, Source]) -> list[Claim]:
    """The sentences of an answer that carry the number of a passage, in order."""
    shown = without_false_marks(text)
    claims: list[Claim] = []
    for start, end in itertools.chain.from_iterable(
        parts_of_row(shown, *span) for span in cited_spans(shown)
    ):
        sentence = shown[start:end]
        numbers = frozenset(map(int, MARK.findall(sentence))) & sources.keys()
        if numbers:
            plain = " ".join(MARK.sub("", sentence).split())
            claims.append(Claim(start_of_words(shown, start, end), end, plain, numbers))
    return claims


def parts_of_row(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The cells of a table's row whose numbers differ; every other sentence as a whole."""
    sentence = text[start:end]
    if not sentence.startswith("|") or len(set(MARK.findall(sentence))) < 2:  # noqa: PLR2004 -- two
        return [(start, end)]
    return [(start + cell.start(), start + cell.end()) for cell in CELL.finditer(sentence)]


def without_false_marks(text: str) -> str:
    """A text of the same length in which what looks like a mark is one: not code, not a link."""
    return "".join(
        piece.text if piece.numbers else MARK.sub(lambda found: f"({found[1]})", piece.text)
        for piece in read_marks(text)
    )
