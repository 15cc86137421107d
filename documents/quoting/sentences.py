"""Sentences of passages and answers, and how much of one is found in the other."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from documents.quoting.words import reader_of
from documents.unspaced import IDEOGRAPHIC, THAI

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Closing quotes and citation marks belong to the sentence before them; German closes a quote with
# what English opens one with, and may turn angle quotes round. Chinese and Japanese
# put no space behind their full stops.
STOPS = "\u3002\uff01\uff1f\uff61\u17d4\u17d5\u104b"
BOUNDARY = re.compile(
    r"(?<![.!?…؟।\u06d4])[.!?…؟।\u06d4]++[\"'”“\u2019»«)\]*_`]*(?:\s*\[\d{1,3}\])*"
    r"(?=\s+[\"'“„\u2018\u201a«»(\[*_`¿¡-]*[^\W_a-z])"
    rf"|(?<![{STOPS}])[{STOPS}]++[」』”\u2019\uff09]*(?:\s*\[\d{{1,3}}\])*"
    # Thai and Lao have no full stops: a blank ends a sentence, or a part of a long one.
    rf"|(?<=[{THAI}])[ ]++(?=[{THAI}])"
)
ABBREVIATION = re.compile(
    r"(?:^|[\s(\[])(?:e\.g|i\.e|etc|vs|cf|al|fig|no|nr|dr|mr|mrs|ms|prof|st|approx|sec|vol|pp?|ch"
    r"|sig|dott|ing|avv|art|pag|ecc|es|p\.es|cap|n|tel|co|inc|ltd"
    r"|z\.\s?b|d\.\s?h|u\.\s?a|bzw|usw|ca|abs|str|hr|fr|vgl|ggf|inkl|zzgl"
    r"|p\.\s?ex|mme|mlle|sr|sra|pág|núm|bijv|enz|blz|dhr|t\.\s?ex|bl\.\s?a|tzn|т\.\s?\u0435|т\.\s?д|ул"
    # The third of a month, in languages that write an ordinal with a full stop.
    r"|(?:am|vom|bis|zum|der|den|des|dem|ab)\s\d{1,2}|[^\W\d_])\.$",
    re.I,
)
# What German counts by an ordinal, behind its full stop: `Dienstag, 14. Juli`, `2. Stock`.
ORDINAL = re.compile(r"(?<!\d)\d{1,2}\.$")
COUNTED = re.compile(
    r" (?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November"
    r"|Dezember|Stock(?:werk)?|Etage|OG|UG|Obergeschoss|Untergeschoss|Quartal|Halbjahr"
    r"|Jahrhundert|Auflage)\b"
)
SECTION_NUMBER = re.compile(r"^\W*(?:\d+\.)+$")
# `When: Friday`: what such a line says is not continued by another one.
LABEL = re.compile(r"[^\W\d_a-z][\w '\u2019/-]{1,30}:[ \t]+\S")
OWN_LINE = re.compile(r"(?:[-*•\u2013▪+]\s|\d{1,3}[.)]\s|#{1,6}\s|\||>\s|```|~~~)")
# The number of a passage, as answers carry it.
MARK = re.compile(r"\[(\d{1,3})\]")
LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\([^()]*\)[^()\s]*)?(?:\s+\"[^\"]*\")?\)")
IDEOGRAPH = re.compile(f"[「『\uff08{IDEOGRAPHIC}]")
LAST_IDEOGRAPH = re.compile(f"[、\uff0c」』\uff09{STOPS}{IDEOGRAPHIC}]")
# Between the values of a row, and how many of them prose does not have in each of its lines.
DELIMITERS = ((";", 2), ("\t", 1), (",", 3))
SHORT_LINE, SHORT_UNSPACED_LINE = 60, 15
# Of a sentence that a blank may end.
SHORTEST_PART = 40
LONGEST_ABBREVIATION = 12
# Of a section, with what stands before it.
LONGEST_NUMBER = 40


def split_sentences(text: str) -> list[str]:
    """The sentences of a text in order, with single spaces; list items and headings count, too."""
    found: list[str] = []
    for block in blocks(text):
        found.extend(sentences_of(block))
    return found


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Where each sentence of a text begins and ends in it; the same that are split."""
    # Splitting changes nothing but what is between words, and drops signs that show as pilcrows.
    kept = [place for place, sign in enumerate(text) if not sign.isspace() and sign != "¶"]
    spans, done = list[tuple[int, int]](), 0
    for sentence in split_sentences(text):
        first, done = done, done + sum(not sign.isspace() for sign in sentence)
        spans.append((kept[first], kept[done - 1] + 1))
    return spans


def blocks(text: str) -> Iterator[str]:
    """Runs of lines that may hold one sentence: hard wraps are joined, list items are not."""
    lines: list[str] = []
    # Sphinx ends its headings with a link that shows as a pilcrow.
    for raw in text.replace("¶", "\n").splitlines():
        line = raw.strip()
        if lines and (not line or begins_block(lines[-1], raw, line)):
            yield joined(lines)
            lines = []
        if line:
            lines.append(" ".join(line.split()))
    if lines:
        yield joined(lines)


def joined(parts: Sequence[str]) -> str:
    """Lines or sentences as one text, with blanks between them where the script has any."""
    if all(map(str.isascii, parts)):
        return " ".join(parts)
    found = list(parts[:1])
    for before, part in itertools.pairwise(parts):
        found += ["" if is_without_gap(before, part) else " ", part]
    return "".join(found)


def is_without_gap(before: str, after: str) -> bool:
    """Whether Chinese or Japanese goes on from one line or sentence to the next."""
    return bool(IDEOGRAPH.match(after) and LAST_IDEOGRAPH.search(before[-1:]))


def begins_block(before: str, raw: str, line: str) -> bool:
    """Whether a line cannot go on with the sentence of the line before."""
    if OWN_LINE.match(raw.lstrip()) or before.startswith(("#", "|", "```")):
        return True
    if is_delimited_pair(before, line) or (LABEL.match(before) and LABEL.match(line)):
        return True
    # A short line without a full stop is a heading when a new sentence follows it.
    length = SHORT_UNSPACED_LINE if is_without_gap(before, line) else SHORT_LINE
    is_short = len(before) < length and before[-1] not in ",;"
    return is_short and not line[0].islower()


def is_delimited_pair(before: str, line: str) -> bool:
    """Whether two lines are rows of values: with as many of the same sign between them."""
    return any(before.count(sign) == line.count(sign) >= least for sign, least in DELIMITERS)


def sentences_of(block: str) -> Iterator[str]:
    """The sentences of one run of text."""
    start = 0
    for found in BOUNDARY.finditer(block):
        end = found.end()
        if continues_after(block, start, end):
            continue
        yield block[start:end].strip()
        start = end
    if rest := block[start:].strip():
        yield rest


def continues_after(block: str, start: int, end: int) -> bool:
    """Whether the full stop before `end` belongs to an abbreviation or a section's number.

    Looks at a bounded piece: a text of nothing but abbreviations is one sentence.
    """
    if block[end - 1] == " " and end - start < SHORTEST_PART:
        return True
    last = block[max(start, end - LONGEST_ABBREVIATION) : end]
    if ABBREVIATION.search(last) or (ORDINAL.search(last) and COUNTED.match(block, end)):
        return True
    return end - start <= LONGEST_NUMBER and bool(SECTION_NUMBER.match(block[start:end]))


def content_words(text: str, language: str) -> frozenset[str]:
    """The content words of a text as stems; citation marks are no words."""
    return frozenset(reader_of(language).terms(MARK.sub(" ", without_links(text))))


def overlap(said: frozenset[str], there: frozenset[str]) -> float:
    """The share of a sentence's words that are there, between 0 and 1; none share nothing."""
    return len(said & there) / len(said) if said else 0.0


def without_links(text: str) -> str:
    """A text whose Markdown links are reduced to their words; `[1](a.html)` stays readable."""
    return LINK.sub(r"\1", text) if "](" in text else text
