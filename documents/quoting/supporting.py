"""The sentence or two of a passage that say what an answer says."""

from __future__ import annotations

import re
from typing import NamedTuple

from documents.quoting.sentences import content_words, overlap, sentence_spans

# What lists, headings and quotes put before a sentence; none of its words.
LEADING = re.compile(r"(?:(?:[-*•\u2013▪+>]|#{1,6}|\d{1,3}[.)])\s+)+")
NO_SENTENCE = re.compile(r"#{1,6}\s|```|~~~")
# What the line below the head of a table is made of.
RULE = "|-: "
# A second sentence is worth reading when it holds so much more of what was said.
WORTH_READING = 0.2
LONGEST_QUOTE = 600


class Span(NamedTuple):
    """A part of a text, in characters."""

    start: int
    end: int


def best_quote(said: frozenset[str], text: str, language: str) -> Span:
    """Where the sentence stands, or the two in a row, that hold most of the words that were said.

    A longer quote ends behind a whole word. Of a text without words that is its beginning.
    """
    spans = [Span(*span) for span in sentence_spans(text)]
    found = [span for span in spans if is_sentence(text, span)] or spans
    if not found:
        return Span(0, 0)
    spans = [Span(start_of_words(text, *span), span.end) for span in found]
    words = [content_words(text[span.start : span.end], language) for span in spans]
    shares = [overlap(said, each) for each in words]
    best = max(range(len(spans)), key=lambda place: (shares[place], -len(words[place])))
    first, last = best, best
    pairs = [pair for pair in ((best - 1, best), (best, best + 1)) if is_pair(text, spans, *pair)]
    if pairs:
        pair = max(pairs, key=lambda pair: overlap(said, words[pair[0]] | words[pair[1]]))
        if overlap(said, words[pair[0]] | words[pair[1]]) >= shares[best] + WORTH_READING:
            first, last = pair
    return shortened(text, Span(spans[first].start, spans[last].end))


def is_sentence(text: str, span: Span) -> bool:
    """Whether a part of a text says something: a heading and the rule of a table do not."""
    return NO_SENTENCE.match(text, *span) is None and bool(text[span.start : span.end].strip(RULE))


def start_of_words(text: str, start: int, end: int) -> int:
    """Where a sentence begins behind what a list puts before it."""
    lead = LEADING.match(text, start, end)
    return start if lead is None or lead.end() == end else lead.end()


def is_pair(text: str, spans: list[Span], first: int, second: int) -> bool:
    """Whether two sentences follow each other in one paragraph."""
    if first < 0 or second >= len(spans):
        return False
    gap = text[spans[first].end : spans[second].start]
    return not gap.strip() and gap.count("\n") <= 1


def shortened(text: str, span: Span) -> Span:
    """The beginning of a part of a text, as long as a quote may be."""
    if span.end - span.start <= LONGEST_QUOTE:
        return span
    cut = text[span.start : span.start + LONGEST_QUOTE]
    whole = len(cut.rsplit(maxsplit=1)[0]) if len(cut.split(maxsplit=1)) > 1 else len(cut)
    return Span(span.start, span.start + whole)
