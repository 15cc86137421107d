"""Finding pieces of a text on the page they were read from, by their letters and digits.

A text that was read may have other line ends, blanks, hyphens and ligatures than its page.
"""

from __future__ import annotations

import bisect
import itertools
import re
import statistics
import unicodedata
from typing import TYPE_CHECKING, NamedTuple, Protocol

import orjson

from documents.layout import UNIT, BoxAt, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# A sentence that ends within a line begins a piece of its own, so that quotes have exact boxes.
SENTENCE_END = re.compile(r"[.!?…][\"'”»)\]]*\s+")
# Fewer letters are found anywhere; they count only near where the piece before ended.
TELLING = 8
NEAR = 40
# Of a page, some five times as many as a dense one has: each piece of it may be looked for in all.
MOST_LETTERS = 50_000

NO_LETTER = re.compile(r"[\W_]+")


class Box(NamedTuple):
    """A box on a page, as shares of its width and height from its top left."""

    left: float
    top: float
    right: float
    bottom: float


class Word(NamedTuple):
    """A recognised word: how many letters and digits it has, and where it stands."""

    letters: int
    box: Box


class PageLetters(Protocol):
    """The letters and digits of a page in one form, and where they stand."""

    @property
    def letters(self) -> str:
        """All of them, as `letters_of` tells them."""

    def lines(self, start: int, end: int) -> list[tuple[int, list[Box]]]:
        """The boxes of some of them, line by line, each with its first letter's place."""


class WordLetters:
    """The letters of a picture whose words were recognised."""

    def __init__(self, text: str, words: str) -> None:
        self.letters = letters_of(text)
        self.words = words_from(words)
        self.ends = list(itertools.accumulate(word.letters for word in self.words))
        self.breaks = line_starts(self.words)

    def lines(self, start: int, end: int) -> list[tuple[int, list[Box]]]:
        """The boxes of the words that have some of these letters."""
        first = bisect.bisect_right(self.ends, start)
        last = bisect.bisect_left(self.ends, end) + 1
        cuts = [first, *(place for place in self.breaks if first < place < last), last]
        return [
            (
                max(start, self.ends[one] - self.words[one].letters),
                [word.box for word in self.words[one:two]],
            )
            for one, two in itertools.pairwise(cuts)
            if one < len(self.words)
        ]


def line_starts(words: Sequence[Word]) -> list[int]:
    """Which words begin a line: those that lie back from the way that most words go."""
    steps = [
        (two.box.left - one.box.left, two.box.top - one.box.top)
        for one, two in itertools.pairwise(words)
    ]
    if not steps:
        return []
    across, down = map(statistics.median, zip(*steps, strict=True))
    return [place for place, step in enumerate(steps, 1) if step[0] * across + step[1] * down < 0]


def words_to_text(words: Sequence[Word]) -> str:
    """Words as they are kept with the page they are of."""
    rows = [(word.letters, *(round(share * UNIT) for share in word.box)) for word in words]
    return orjson.dumps(rows).decode() if rows else ""


def words_from(text: str) -> list[Word]:
    """The words that were kept."""
    rows = orjson.loads(text) if text else []
    return [Word(row[0], Box(*(share / UNIT for share in row[1:]))) for row in rows]


def letters_of(text: str) -> str:
    """The letters and digits of a text, in one case and without accents."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
    return NO_LETTER.sub("", text.casefold())


def places_of_letters(text: str) -> tuple[str, list[int]]:
    """The letters of a text, and the offset in it of each."""
    if text.isascii():
        places = [place for place, sign in enumerate(text) if sign.isalnum()]
        return letters_of(text), places
    found = [(letters_of(sign), place) for place, sign in enumerate(text) if sign.isalnum()]
    places = [place for letters, place in found for _ in letters]
    return "".join(letters for letters, _ in found), places


def boxes_of(text: str, offset: int, page: int, found: PageLetters) -> Iterator[BoxAt]:
    """Where the pieces of a page's text stand; what is not found gets a box without a size.

    `offset` is that of the page in the whole text.
    """
    letters, cursor = found.letters, 0
    if max(len(text), len(letters)) > MOST_LETTERS:
        yield nowhere(offset, page)
        return
    for start, end in pieces(text):
        wanted = letters_of(text[start:end])
        if not wanted:
            continue
        place = find(letters, wanted, cursor)
        if place < 0:
            yield nowhere(offset + start, page)
            continue
        cursor = place + len(wanted)
        letters_here, places = places_of_letters(text[start:end])
        is_told = letters_here == wanted
        for first, boxes in found.lines(place, cursor) or [(place, [])]:
            begin = offset + start + (places[first - place] if is_told and first > place else 0)
            yield from lines_of(
                BoxAt(begin, page, *(in_units(share) for share in box))
                for box in boxes or [Box(0, 0, 0, 0)]
            )


def nowhere(offset: int, page: int) -> BoxAt:
    """Says of the text from an offset on that nobody knows where it stands on its page."""
    return BoxAt(offset, page, 0, 0, 0, 0)


def in_units(share: float) -> int:
    """A share of a page as it is stored; what stands outside of the page begins at its edge."""
    return min(max(round(share * UNIT), 0), UNIT)


def find(letters: str, wanted: str, cursor: int) -> int:
    """Where letters stand, from a place on or else before it; -1 when that is not certain."""
    if len(wanted) < TELLING:
        return letters.find(wanted, cursor, cursor + NEAR + len(wanted))
    place = letters.find(wanted, cursor)
    return place if place >= 0 else letters.find(wanted)


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """The lines of a text, cut where sentences end."""
    offset = 0
    for line in text.split("\n"):
        start = 0
        for ending in SENTENCE_END.finditer(line):
            yield offset + start, offset + ending.end()
            start = ending.end()
        yield offset + start, offset + len(line)
        offset += len(line) + 1
