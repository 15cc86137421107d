"""The headings that a PDF itself tells of, by its tags and its bookmarks, and their places."""

from __future__ import annotations

import bisect
import contextlib
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from ingestion.parsing.letters import letters_of
from ingestion.parsing.line_order import FROM_RIGHT
from ingestion.parsing.pdf_bookmarks import bookmarks_of
from ingestion.parsing.pdf_tags import tagged_headings
from ingestion.parsing.right_to_left import key_of
from ingestion.parsing.types import Heading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from documents.layout import PageAt
    from ingestion.parsing.types import ToldHeading

# Of a page, lines; and lines of one heading.
MOST_LINES = 2000
LONGEST_TITLE = 200
LONGEST_OF_LAYOUT = 100
MOST_JOINED = 3
DEEPEST = 6
# Of the letters of a text: programs that call paragraphs headings have most of them.
MOST_OF_TEXT = 0.5
# Of the bookmarks: when fewer are lines of their pages, they are names of something else.
ENOUGH_FOUND = 0.5
# What stands in front of a title: `1.2`, `IV.`, `A.1`, `Chapter 3:`.
NUMBERING = re.compile(
    r"\A\s*+(?:(?:chapter|section|appendix|part|kapitel|abschnitt|anhang|teil|capitolo|sezione"
    r"|appendice|parte)\s++)?+(?:§\s*+)?+"
    r"(?:\d{1,4}+(?:\.\d{1,4}+)*+|[ivxlc]{1,6}+(?=[.):\s])|[a-z](?=[.):\d\s])(?:\.?\d{1,4}+)*+)"
    r"(?:[.):]++|(?=\s))\s*+(?=\S)",
    re.I,
)
SENTENCE = re.compile(r"[.,:;!…][\"'”»)\]]*+$")


class ToldHeadings(NamedTuple):
    """What a PDF says of its headings; when tags are given they are all of them."""

    tags: Sequence[ToldHeading] = ()
    bookmarks: Sequence[ToldHeading] = ()


def told_headings(data: bytes) -> ToldHeadings:
    """The headings a PDF tells of; none when it is damaged, for its text can be read without."""
    import pypdfium2  # noqa: PLC0415 -- a library of the other readers, and loaded by its first file

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        return ToldHeadings()
    with contextlib.closing(document):
        return ToldHeadings(tagged_headings(document), bookmarks_of(document))


def headings_in(
    text: str, starts: Sequence[PageAt], told: ToldHeadings, layout: Sequence[Heading]
) -> list[Heading]:
    """The headings of a text: those that tags name, else bookmarks with those of the layout."""
    tagged = placed(text, starts, told.tags)
    if are_believed(tagged, told.tags, text):
        return tagged
    marked = placed(text, starts, told.bookmarks)
    if are_believed(marked, told.bookmarks, text):
        return with_layout(marked, layout, text)
    return [*layout]


def are_believed(found: Sequence[Heading], told: Sequence[ToldHeading], text: str) -> bool:
    """Whether most of what is told was found, and leaves most of a text to others."""
    letters = sum(len(letters_of(heading.title)) for heading in found)
    is_found = len(found) >= len(told) * ENOUGH_FOUND
    return bool(found) and is_found and letters < len(letters_of(text)) * MOST_OF_TEXT


def with_layout(marked: Sequence[Heading], layout: Sequence[Heading], text: str) -> list[Heading]:
    """Headings of bookmarks, and between them those of the layout that can be believed."""
    more = between(marked, layout)
    if len(more) > len(marked):
        # A few bookmarks, as `Cover`, are no outline of the text.
        by_offset = {heading.offset: heading for heading in (*layout, *marked)}
        return [by_offset[offset] for offset in sorted(by_offset)]
    found = sorted([*marked, *more], key=lambda heading: heading.offset)
    extra = {heading.offset for heading in more}
    ends = [*(heading.offset for heading in found[1:]), len(text)]
    return [
        heading
        for heading, end in zip(found, ends, strict=True)
        # A line above another heading with nothing between is a part of it or of a title page.
        if heading.offset not in extra or has_text(text, heading, end)
    ]


def between(marked: Sequence[Heading], layout: Sequence[Heading]) -> list[Heading]:
    """The headings of the layout that stand between bookmarks, each below the one before it.

    What comes several times, or names a bookmark again, is a running head.
    """
    offsets = [heading.offset for heading in marked]
    times = Counter(core_of(heading.title) for heading in layout)
    named = {core_of(heading.title) for heading in marked}
    found = []
    for heading in layout:
        core = core_of(heading.title)
        above = bisect.bisect_right(offsets, heading.offset) - 1
        before = marked[above] if above >= 0 else None
        is_part = before and heading.offset < before.offset + len(before.title)
        if is_part or core in named or times[core] > 1 or is_running_text(heading.title):
            continue
        level = max(heading.level, before.level + 1) if before else heading.level
        found.append(Heading(heading.offset, min(level, DEEPEST), heading.title))
    return found


def core_of(title: str) -> str:
    """The letters of a title without the numbers around it: of a chapter, of a page."""
    return letters_of(without_number(without_number(title.rstrip("0123456789 "))))


def is_running_text(title: str) -> bool:
    """Whether what the layout sets apart reads as a part of a sentence."""
    return len(title) > LONGEST_OF_LAYOUT or title[:1].islower() or bool(SENTENCE.search(title))


def has_text(text: str, heading: Heading, end: int) -> bool:
    """Whether anything stands between a heading and an offset."""
    return bool(letters_of(text[heading.offset + len(heading.title) : end]))


def placed(text: str, starts: Sequence[PageAt], told: Sequence[ToldHeading]) -> list[Heading]:
    """The headings whose lines are found on their pages, in the order of the text."""
    ends = [*(start.offset for start in starts[1:]), len(text)]
    spans = {start.page: (start.offset, end) for start, end in zip(starts, ends, strict=True)}
    pages: dict[int, PageLines] = {}
    found = []
    for heading in told:
        start, end = spans.get(heading.page, (0, 0))
        if heading.page not in pages:
            pages[heading.page] = PageLines(text[start:end])
        if place := pages[heading.page].take(heading.title):
            level = min(heading.level, DEEPEST)
            found.append(Heading(start + place.offset, level, place.shown))
    return sorted(found, key=lambda heading: heading.offset)


class Place(NamedTuple):
    """Lines that may be a heading: how many more than one, where they begin, what they say."""

    more: int
    offset: int
    shown: str


class PageLines:
    """The lines of a page by their letters, each alone and with those that follow."""

    def __init__(self, text: str) -> None:
        self.exact: defaultdict[str, list[Place]] = defaultdict(list)
        self.nearly: defaultdict[str, list[Place]] = defaultdict(list)
        self.taken: set[int] = set()
        lines = list(lines_of(text))
        for at in range(len(lines)):
            for letters, place in joined(lines[at : at + MOST_JOINED]):
                self.exact[letters].append(place)
                if FROM_RIGHT.search(place.shown):
                    self.exact[key_of(place.shown)].append(place)
                for form in forms_of(place.shown):
                    self.nearly[form].append(place)
        # The number of the page may stand above a heading: the fewest lines are best.
        for places in self.nearly.values():
            places.sort(reverse=True)
        for places in self.exact.values():
            places.reverse()

    def take(self, title: str) -> Place | None:
        """The first lines that say a title and were not taken; nothing when there are none.

        All of its letters are preferred to another number in front of it, or none. What is
        written from the right may have its letters in another order.
        """
        turned = [key_of(title)] if FROM_RIGHT.search(title) else []
        exact = (self.exact.get(key) for key in (letters_of(title), *turned))
        nearly = (self.nearly.get(form) for form in sorted(forms_of(title), key=len))
        for places in (*exact, *nearly):
            while places:
                place = places.pop()
                if place.offset not in self.taken:
                    self.taken.add(place.offset)
                    return place
        return None


class Line(NamedTuple):
    """A line of a page: where it begins, what it says, and its letters."""

    offset: int
    text: str
    letters: str


def lines_of(text: str) -> Iterator[Line]:
    """The first lines of a page that have letters."""
    offset = 0
    for line in text.split("\n")[:MOST_LINES]:
        if letters := letters_of(line):
            yield Line(offset + len(line) - len(line.lstrip()), line.strip(), letters)
        offset += len(line) + 1


def joined(lines: Sequence[Line]) -> Iterator[tuple[str, Place]]:
    """A line alone and with those that follow, as long as they are short enough for a heading."""
    letters, shown = "", ""
    for more, line in enumerate(lines):
        letters, shown = letters + line.letters, f"{shown} {line.text}".lstrip()
        if len(shown) > LONGEST_TITLE:
            return
        yield letters, Place(more, lines[0].offset, shown)


def forms_of(title: str) -> set[str]:
    """The letters of a title with the number in front of it and without."""
    return {letters_of(title), letters_of(without_number(title))}


def without_number(title: str) -> str:
    """A title without the number in front of it."""
    return NUMBERING.sub("", title, count=1)
