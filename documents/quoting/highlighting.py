"""Which words of a text were meant by a query, for whoever looks at what was found."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left, bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from documents.letters import legible, plain_letters
from documents.quoting.words import WORD, reader_of
from documents.unspaced import RUN, telling_pairs, units_of
from youworker.core.unicode import joined_spans

if TYPE_CHECKING:
    from collections.abc import Iterator

# About three lines of a page.
EXCERPT_CHARACTERS = 420
# Of a text that was found by its meaning, from the beginning.
LEAD_CHARACTERS = 60
# Signs of Markdown that say nothing in a few lines: of headings, and the lines below the heads of
# tables and around source code.
MARKUP = re.compile(
    r"^(?=[ \t:|-]*+(?:\n|\Z))(?=[^\n]*-{3})[^\n]*(?:\n|\Z)"
    r"|^`{3,}[\w+-]*[ \t]*(?:\n|\Z)|^#{1,6}[ \t]+",
    re.MULTILINE,
)
ROW = re.compile(r"^\|[^\n]*", re.MULTILINE)
# One that a cell has itself is written with a backslash.
BORDER = re.compile(r"(?<!\\)\|")


class Piece(NamedTuple):
    """A stretch of a text, and whether the query meant it."""

    text: str
    is_meant: bool


def excerpt(text: str, query: str, *, language: str) -> list[Piece]:
    """Some lines of a text around what the query meant in it, as pieces in order.

    Words are compared by their stems in the document's language, and without accents; of scripts
    without blanks, the pairs of characters count that say what the query is about.
    """
    text = without_markup(text)
    return lines_around(text, list(meant_spans(text, query, language)))


def lines_around(
    text: str, spans: list[tuple[int, int]], characters: int = EXCERPT_CHARACTERS
) -> list[Piece]:
    """So many characters of a text that show the most of some places in it, in pieces.

    The places stand in order and do not overlap. One that is longer than the lines is shown as
    far as they go.
    """
    start, end = window(text, spans, characters)
    inside = [(max(one, start), min(two, end)) for one, two in spans if one < end and two > start]
    pieces = cut_at(text, inside, start, end)
    if start > 0:
        pieces.insert(0, Piece("… ", is_meant=False))
    if end < len(text):
        pieces.append(Piece(" …", is_meant=False))
    return pieces


def without_markup(text: str) -> str:
    """A text for people who read a few lines: no signs of Markdown, the cells of rows apart."""
    return ROW.sub(lambda row: cells_apart(row.group()), MARKUP.sub("", text))


def cells_apart(row: str) -> str:
    """What stands in the cells of a row of a table."""
    cells = (cell.strip().replace("\\|", "|") for cell in BORDER.split(row))
    return " · ".join(cell for cell in cells if cell)


def meant_spans(text: str, query: str, language: str) -> Iterator[tuple[int, int]]:
    """Where the words of a query stand in a text: first and last offset of each, in order."""
    reader = reader_of(language or "en")
    wanted = set(reader.terms(query))
    pairs = {pair for run in RUN.findall(query) for pair in telling_pairs(run)}
    for match in WORD.finditer(text):
        word = match.group()
        if RUN.search(word):
            yield from pairs_within(word, pairs, match.start())
        elif not wanted.isdisjoint(reader.terms(plain_letters(legible(word)))):
            yield match.span()


def pairs_within(word: str, pairs: set[str], offset: int) -> list[tuple[int, int]]:
    """Where pairs of characters stand in a run without blanks; those that touch are one."""
    spans: list[tuple[int, int]] = []
    for one, two in itertools.pairwise([*units_of(word), ""]):
        if meant := next((each for each in (one + two, one) if each in pairs), ""):
            spans.append((offset, offset + len(meant)))
        offset += len(one)
    return joined_spans(spans)


def window(text: str, spans: list[tuple[int, int]], characters: int) -> tuple[int, int]:
    """The part of a text that shows the most of what was meant, cut between words."""
    if len(text) <= characters:
        return 0, len(text)
    best = max(spans, key=lambda span: count_from(span[0], spans, characters), default=(0, 0))
    start = between_words(text, max(0, best[0] - LEAD_CHARACTERS))
    return start, between_words(text, min(len(text), start + characters))


def count_from(start: int, spans: list[tuple[int, int]], characters: int) -> int:
    """How many spans an excerpt shows that begins before one of them."""
    end = start - LEAD_CHARACTERS + characters
    first = bisect_left(spans, start, key=itemgetter(0))
    return bisect_right(spans, end, key=itemgetter(1)) - first


def between_words(text: str, offset: int) -> int:
    """The next place after an offset where a word begins; the offset itself in one long word."""
    if offset in (0, len(text)):
        return offset
    blank = text.find(" ", offset, offset + LEAD_CHARACTERS)
    return blank + 1 if blank >= 0 else offset


def cut_at(text: str, spans: list[tuple[int, int]], start: int, end: int) -> list[Piece]:
    """The text from `start` to `end`, cut where something meant begins and ends."""
    pieces: list[Piece] = []
    place = start
    for first, last in spans:
        if first > place:
            pieces.append(Piece(text[place:first], is_meant=False))
        pieces.append(Piece(text[first:last], is_meant=True))
        place = last
    if place < end:
        pieces.append(Piece(text[place:end], is_meant=False))
    return pieces
