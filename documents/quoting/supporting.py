"""What of a passage says what an answer says: a sentence or two, a list, a definition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from documents.quoting.code import definitions
from documents.quoting.sentences import content_words, overlap, sentence_spans

if TYPE_CHECKING:
    from collections.abc import Sequence

# What lists, headings and quotes put before a sentence; none of its words.
LEADING = re.compile(r"(?:(?:[-*•\u2013▪+>]|#{1,6}|\d{1,3}[.)])\s+)+")
NO_SENTENCE = re.compile(r"#{1,6}\s|```|~~~")
# What the line below the head of a table is made of.
RULE = "|-: "
# A second sentence is worth reading when it holds so much more of what was said.
WORTH_READING = 0.2
# What was said word by word belongs to it, however short it is: so much of its own words.
WORD_BY_WORD = 0.8
LONGEST_QUOTE = 600
# Before an item of a list there may be an empty one.
MOST_LINES_TO_ITEM = 2


class Span(NamedTuple):
    """A part of a text, in characters."""

    start: int
    end: int


def best_quote(said: frozenset[str], text: str, language: str) -> Span:
    """Where the sentence stands, or the two in a row, that hold most of the words that were said.

    With its neighbours that were said word by word, as those of a list are. A longer quote ends
    behind a whole word. Of a text without words that is its beginning.
    """
    spans = [Span(*span) for span in sentence_spans(text)]
    found = [span for span in spans if is_sentence(text, span)] or spans
    if not found:
        return Span(0, 0)
    spans = [Span(start_of_words(text, *span), span.end) for span in found]
    words = [content_words(text[span.start : span.end], language) for span in spans]
    shares = [overlap(said, each) for each in words]
    best = max(range(len(spans)), key=lambda place: (shares[place], -len(words[place])))
    first, last = said_around(best, said, text, spans, words)
    if first < last:
        return shortened(text, Span(spans[first].start, spans[last].end))
    pairs = [pair for pair in ((best - 1, best), (best, best + 1)) if is_pair(text, spans, *pair)]
    if pairs:
        pair = max(pairs, key=lambda pair: overlap(said, words[pair[0]] | words[pair[1]]))
        if overlap(said, words[pair[0]] | words[pair[1]]) >= shares[best] + WORTH_READING:
            first, last = pair
    return shortened(text, Span(spans[first].start, spans[last].end))


def best_definition(said: frozenset[str], code: str, language: str) -> Span:
    """Where the definition stands in source code that holds most of the words that were said.

    A longer one ends behind a whole line.
    """
    spans = [Span(*span) for span in definitions(code)]
    if not spans:
        return Span(0, 0)
    words = [content_words(code[span.start : span.end], language) for span in spans]
    best = max(range(len(spans)), key=lambda place: (overlap(said, words[place]), -place))
    start, end = spans[best]
    if end - start > LONGEST_QUOTE:
        line = code.rfind("\n", start, start + LONGEST_QUOTE)
        end = line if line > start else start + LONGEST_QUOTE
    return Span(start, end)


def said_around(
    best: int,
    said: frozenset[str],
    text: str,
    spans: Sequence[Span],
    words: Sequence[frozenset[str]],
) -> tuple[int, int]:
    """The first and the last sentence around the best one that were said word by word."""
    first, last, covered = best, best, words[best]
    while is_pair(text, spans, first - 1, first) and is_said(words[first - 1], said, covered):
        first -= 1
        covered |= words[first]
    while is_pair(text, spans, last, last + 1) and is_said(words[last + 1], said, covered):
        last += 1
        covered |= words[last]
    return first, last


def is_said(words: frozenset[str], said: frozenset[str], covered: frozenset[str]) -> bool:
    """Whether a sentence of these words was said as it stands, and is no title of the others."""
    return overlap(words, said) >= WORD_BY_WORD and not words <= covered


def is_sentence(text: str, span: Span) -> bool:
    """Whether a part of a text says something: a heading and the rule of a table do not."""
    return NO_SENTENCE.match(text, *span) is None and bool(text[span.start : span.end].strip(RULE))


def start_of_words(text: str, start: int, end: int) -> int:
    """Where a sentence begins behind what a list puts before it."""
    lead = LEADING.match(text, start, end)
    return start if lead is None or lead.end() == end else lead.end()


def is_pair(text: str, spans: Sequence[Span], first: int, second: int) -> bool:
    """Whether two sentences follow each other in one paragraph or list."""
    if first < 0 or second >= len(spans):
        return False
    gap = text[spans[first].end : spans[second].start]
    lead = LEADING.fullmatch(gap.lstrip()) is not None
    most = MOST_LINES_TO_ITEM if lead else 1
    return (lead or not gap.strip()) and gap.count("\n") <= most


def shortened(text: str, span: Span) -> Span:
    """The beginning of a part of a text, as long as a quote may be."""
    if span.end - span.start <= LONGEST_QUOTE:
        return span
    cut = text[span.start : span.start + LONGEST_QUOTE]
    whole = len(cut.rsplit(maxsplit=1)[0]) if len(cut.split(maxsplit=1)) > 1 else len(cut)
    return Span(span.start, span.start + whole)
