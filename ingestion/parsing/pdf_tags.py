"""The headings that the tags of a PDF name: its structure tree (ISO 32000-1, 14.7 and 14.8)."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import re
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from ingestion.parsing.types import ToldHeading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Seconds for all pages of a file: a page takes a few thousandths of one.
MOST_SECONDS = 10.0
# Of a page: places of its tree that are looked at and how deep they lie, objects it draws, and
# those of headings.
MOST_PLACES = 200_000
DEEPEST = 40
MOST_OBJECTS = 50_000
MOST_PIECES = 500
DEEPEST_FORM = 4
MOST_HEADINGS = 5000
# Places without anything of a page, after which none is expected.
GAP = 200
NUMBERED = re.compile(r"H([1-6])")
LONGEST_TYPE = 64
# What holds no heading; tables and lists may: those of a layout, numbered headings of Word.
WITHOUT_HEADINGS = {"P", "Span", "Link", "Lbl", "Figure", "Formula", "Code", "TOC"}


class TaggedContent(NamedTuple):
    """A heading of a page's tree: its level and the numbers of what is drawn of it."""

    level: int
    marks: list[int]


def tagged_headings(document: Any) -> list[ToldHeading]:
    """The headings that tags name, in the order of the tree of each page."""
    from pypdfium2 import raw  # noqa: PLC0415 -- a library of the other readers

    if not raw.FPDFCatalog_IsTagged(document):
        return []
    return list(itertools.islice(headings_by_page(document), MOST_HEADINGS))


def headings_by_page(document: Any) -> Iterator[ToldHeading]:
    """The headings of each page in turn, while there is time; damaged pages have none."""
    until = time.monotonic() + MOST_SECONDS
    near: dict[int, int] = {}
    for number in range(len(document)):
        if time.monotonic() > until:
            return
        # What the library says about damage is a `RuntimeError`.
        with contextlib.suppress(RuntimeError), contextlib.closing(document[number]) as page:
            contents = PageTree(near).headings_of(page)
            texts = texts_of(page, {mark for content in contents for mark in content.marks})
            for content in contents:
                title = " ".join("".join(texts.get(mark, "") for mark in content.marks).split())
                if title:
                    yield ToldHeading(number + 1, content.level, title)


class PageTree:
    """What the structure tree of a document has for one page.

    The library has nothing at all places of the tree that are of other pages, which may be many:
    `near` tells, for each depth, where the page before had its own.
    """

    def __init__(self, near: dict[int, int]) -> None:
        from pypdfium2 import raw  # noqa: PLC0415 -- see above

        self.raw, self.near = raw, near
        self.left = iter(range(MOST_PLACES))

    def headings_of(self, page: Any) -> list[TaggedContent]:
        """The headings of the page, in the order of the tree."""
        tree = self.raw.FPDF_StructTree_GetForPage(page)
        if not tree:
            return []
        try:
            roots = range(self.raw.FPDF_StructTree_CountChildren(tree))
            found = (self.raw.FPDF_StructTree_GetChildAtIndex(tree, at) for at in roots)
            return [
                heading
                for root in itertools.islice(found, MOST_PLACES)
                if root
                for heading in self.headings_below(root, 0, 0)
            ]
        finally:
            self.raw.FPDF_StructTree_Close(tree)

    def headings_below(self, element: Any, depth: int, sections: int) -> Iterator[TaggedContent]:
        """An element, if it is a heading, or those below it."""
        kind = type_of(element)
        level = level_of(kind, sections)
        if level and (marks := list(self.marks_below(element, depth))):
            yield TaggedContent(level, marks)
        elif not level and depth < DEEPEST and kind not in WITHOUT_HEADINGS:
            for child in self.children_of(element, depth):
                yield from self.headings_below(child, depth + 1, sections + (kind == "Sect"))

    def children_of(self, element: Any, depth: int) -> list[Any]:
        """The elements of this page below an element."""
        count = self.raw.FPDF_StructElement_CountChildren(element)
        start = min(self.near.get(depth, 0), count)
        found: dict[int, Any] = {}
        for way in (range(start, count), reversed(range(start))):
            empty = 0
            for at in self.while_left(way):
                child = self.raw.FPDF_StructElement_GetChildAtIndex(element, at)
                empty = 0 if child else empty + 1
                if child:
                    found[at] = child
                elif found and empty > GAP:
                    break
        if found:
            self.near[depth] = max(found)
        return [found[at] for at in sorted(found)]

    def marks_below(self, element: Any, depth: int) -> Iterator[int]:
        """The numbers of all that is drawn of an element on this page."""
        for at in self.while_left(range(self.raw.FPDF_StructElement_CountChildren(element))):
            mark = self.raw.FPDF_StructElement_GetChildMarkedContentID(element, at)
            child = self.raw.FPDF_StructElement_GetChildAtIndex(element, at)
            if mark >= 0:
                yield mark
            elif child and depth < DEEPEST:
                yield from self.marks_below(child, depth + 1)

    def while_left(self, places: Iterable[int]) -> Iterator[int]:
        """Places, as long as not too many of this page were looked at."""
        for place, _ in zip(places, self.left, strict=False):
            yield place


def level_of(kind: str, sections: int) -> int:
    """The level of a heading; 0 for what is none."""
    if numbered := NUMBERED.fullmatch(kind):
        return int(numbered[1])
    # Without a number, the sections around it count.
    return max(1, sections) if kind == "H" else int(kind == "Title")


def type_of(element: Any) -> str:
    """What an element is, by the standard's names where the file maps its own to them."""
    from pypdfium2 import raw  # noqa: PLC0415 -- see above

    buffer = ctypes.create_string_buffer(2 * LONGEST_TYPE)
    size = raw.FPDF_StructElement_GetType(element, buffer, len(buffer))
    # A longer name, which is none of the standard's, is not written to the buffer at all.
    said = buffer.raw[:size] if size <= len(buffer) else b""
    return said.decode("utf-16-le", "replace").rstrip("\0")


def texts_of(page: Any, marks: set[int]) -> Mapping[int, str]:
    """The text that is drawn under each of some numbers.

    Forms count their content anew: a number is looked for in them only when the page has it not.
    """
    if not marks:
        return {}
    from pypdfium2 import PdfTextObj, raw  # noqa: PLC0415 -- see above

    own: defaultdict[int, str] = defaultdict(str)
    of_forms: defaultdict[int, str] = defaultdict(str)
    with contextlib.closing(page.get_textpage()) as drawn:
        pieces = (
            (mark, depth, item)
            for depth, item in itertools.islice(objects_of(page), MOST_OBJECTS)
            if (mark := raw.FPDFPageObj_GetMarkedContentID(item)) in marks
            and raw.FPDFPageObj_GetType(item) == raw.FPDF_PAGEOBJ_TEXT
        )
        for mark, depth, item in itertools.islice(pieces, MOST_PIECES):
            (of_forms if depth else own)[mark] += PdfTextObj(item, textpage=drawn).extract()
    return {**of_forms, **own}


def objects_of(page: Any, form: Any = None, depth: int = 0) -> Iterator[tuple[int, Any]]:
    """The objects that a page draws, and how deep within forms."""
    from pypdfium2 import raw  # noqa: PLC0415 -- see above

    count = raw.FPDFFormObj_CountObjects if form else raw.FPDFPage_CountObjects
    item_at = raw.FPDFFormObj_GetObject if form else raw.FPDFPage_GetObject
    parent = form or page
    for at in range(count(parent)):
        if not (item := item_at(parent, at)):
            continue
        yield depth, item
        if depth < DEEPEST_FORM and raw.FPDFPageObj_GetType(item) == raw.FPDF_PAGEOBJ_FORM:
            yield from objects_of(page, item, depth + 1)
