"""What an answer cites, and which of its sentences do not stand in what they cite."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from chat.models import Citation
from chat.runs.marks import read_marks
from documents.quoting.sentences import MARK, content_words, overlap, sentence_spans
from documents.quoting.supporting import best_quote, start_of_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chat.models import Message
    from chat.runs.citations import CitationIndex, Source
    from chat.serializers import SpanShape

SUPPORTED_FROM = 0.5
# Nobody reads more, and each is a row and an event.
MOST_CITATIONS = 200
# What one citation is compared with: a model may write the same number thousands of times.
MOST_SENTENCES = 50
SENTENCE_CHARACTERS = 5000
# Nobody looks at more marked sentences either.
MOST_UNSUPPORTED = 200
# Documents too short to tell their language are compared as if they were in this one.
UNKNOWN_LANGUAGE = "en"


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

    sources: Mapping[int, Source]
    said: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    there: dict[int, frozenset[str]] = field(default_factory=dict)

    def language_of(self, number: int) -> str:
        """The language in which a passage is compared."""
        return self.sources[number].language or UNKNOWN_LANGUAGE

    def words_of(self, plain: str, number: int) -> frozenset[str]:
        """The content words of a sentence in the language of a passage; none of a very long one."""
        language = self.language_of(number)
        if (language, plain) not in self.said:
            words = content_words(plain, language) if len(plain) <= SENTENCE_CHARACTERS else ()
            self.said[language, plain] = frozenset(words)
        return self.said[language, plain]

    def supports(self, number: int, plain: str) -> bool:
        """Whether a passage has most of a sentence's content words."""
        if number not in self.there:
            self.there[number] = content_words(self.sources[number].text, self.language_of(number))
        return overlap(self.words_of(plain, number), self.there[number]) >= SUPPORTED_FROM


def judge(answer: Message, text: str, book: CitationIndex) -> Judgement:
    """What a text with the reader's numbers cites.

    A citation is supported when every sentence that carries its number shares most of its content
    words with the passage; its quote is the sentence or two that come closest to the first
    such sentence.
    """
    sources = book.named_sources()
    if not sources:
        return Judgement([], [])
    comparison, claims = Comparison(sources), claims_in(text, sources)
    carrying = carrying_sentences(claims)
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
    said = comparison.words_of((held or list(verdicts))[0], number)
    quote = best_quote(said, source.text, comparison.language_of(number))
    return Citation(
        message=answer,
        index=number,
        document_id=source.document_id,
        passage_id=source.passage_id,
        title=source.title,
        heading=source.heading,
        page=source.page,
        start=source.start + quote.start,
        end=source.start + quote.end,
        quote=source.text[quote.start : quote.end],
        # More than was compared counts as unsupported.
        supported=len(held) == count,
    )


def claims_in(text: str, sources: Mapping[int, Source]) -> list[Claim]:
    """The sentences of an answer that carry the number of a passage, in order."""
    shown = without_false_marks(text)
    claims: list[Claim] = []
    for start, end in cited_spans(shown):
        sentence = shown[start:end]
        numbers = frozenset(map(int, MARK.findall(sentence))) & sources.keys()
        if numbers:
            plain = " ".join(MARK.sub("", sentence).split())
            claims.append(Claim(start_of_words(shown, start, end), end, plain, numbers))
    return claims


def cited_spans(text: str) -> list[tuple[int, int]]:
    """Where the sentences of an answer stand; marks behind a closing quote belong to them."""
    spans: list[tuple[int, int]] = []
    for start, end in sentence_spans(text):
        if spans and not MARK.sub("", text[start:end]).strip(" .,;"):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def without_false_marks(text: str) -> str:
    """A text of the same length in which what looks like a mark is one: not code, not a link."""
    return "".join(
        piece.text if piece.numbers else MARK.sub(lambda found: f"({found[1]})", piece.text)
        for piece in read_marks(text)
    )
