"""Where the text of a passage stands in its original: on pages, in boxes, in cells of sheets.

Of a message also which parts of it are Markdown.
"""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, TypeVar

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Boxes are stored in thousandths of the width and height of their page.
UNIT = 1000
# What a name of a sheet may have without being quoted, as spreadsheets write it.
PLAIN_NAME = re.compile(r"[^\W\d]\w*")
# Of lines: pieces whose boxes share more of their height stand on one.
SAME_LINE = 0.5


class PageAt(NamedTuple):
    """The page on which the text from an offset of its passage on stands."""

    offset: int
    page: int


class BoxAt(NamedTuple):
    """Where the text from an offset on stands on a page, in thousandths from its top left.

    Without a width, nobody knows.
    """

    offset: int
    page: int
    left: int
    top: int
    right: int
    bottom: int


class RowAt(NamedTuple):
    """The cells of a sheet that the text from an offset on shows; numbers count from 1.

    In row 0, it is of no cell.
    """

    offset: int
    sheet: str
    row: int
    first: int
    last: int


class FormAt(NamedTuple):
    """Whether the text from an offset on is Markdown, in a document that is not all of it."""

    offset: int
    is_markdown: bool


Place = TypeVar("Place", PageAt, BoxAt, RowAt, FormAt)


class PageBox(TypedDict):
    """A box as the API tells it: shares of the width and height of the page, from its top left."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a passage stands; offsets count from its beginning."""

    pages: Sequence[PageAt] = ()
    boxes: Sequence[BoxAt] = ()
    rows: Sequence[RowAt] = field(default=())
    forms: Sequence[FormAt] = ()

    @classmethod
    def from_text(cls, text: str) -> Layout:
        """The layout as `to_text` wrote it; an empty text says nothing."""
        if not text:
            return NOWHERE
        found: dict[str, list[list[Any]]] = orjson.loads(text)
        sheets = [str(name) for name in found.get("sheets", [])]
        return cls(
            [PageAt(*row) for row in found.get("pages", [])],
            [BoxAt(*row) for row in found.get("boxes", [])],
            [RowAt(row[0], sheets[row[1]], *row[2:]) for row in found.get("rows", [])],
            [FormAt(offset, bool(form)) for offset, form in found.get("forms", [])],
        )

    def to_text(self) -> str:
        """The layout as it is stored; nothing when there is nothing to say."""
        sheets = list(dict.fromkeys(row.sheet for row in self.rows))
        rows = [(row.offset, sheets.index(row.sheet), *row[2:]) for row in self.rows]
        pages, boxes = list(map(tuple, self.pages)), list(map(tuple, self.boxes))
        forms = [(form.offset, int(form.is_markdown)) for form in self.forms]
        parts = {"pages": pages, "boxes": boxes, "sheets": sheets, "rows": rows, "forms": forms}
        filled = {name: part for name, part in parts.items() if part}
        return orjson.dumps(filled).decode() if filled else ""

    def page_at(self, offset: int) -> int | None:
        """The page of a place; none when only that of the passage's beginning is known."""
        place = bisect.bisect_right(self.pages, offset, key=offset_of) - 1
        return self.pages[place].page if place >= 0 else None

    def stretches(self, text: str) -> Iterator[tuple[bool, str]]:
        """The parts of a passage's text that are Markdown or lines of letters, in order."""
        starts = [FormAt(0, is_markdown=False), *self.forms, FormAt(len(text), is_markdown=False)]
        for form, following in pairwise(starts):
            part = text[form.offset : following.offset].strip("\n")
            if part:
                yield form.is_markdown, part

    def boxes_between(self, start: int, end: int) -> list[PageBox]:
        """The boxes of a stretch, a box for every line; pieces are never cut."""
        found = [box for box in touched(self.boxes, start, end) if box.right > box.left]
        return [as_shares(box) for box in lines_of(found)]

    def cells_between(self, start: int, end: int) -> str:
        """The cells of a stretch, as `Sales!A2:F40`; several sheets are told apart by commas."""
        rows = [row for row in touched(self.rows, start, end) if row.row > 0]
        names = dict.fromkeys(row.sheet for row in rows)
        return ", ".join(
            f"{sheet_name(name)}!{cell_range([row for row in rows if row.sheet == name])}"
            for name in names
        )


NOWHERE = Layout()


def position_of(
    layout: str, page: int | None, start: int, end: int
) -> tuple[int | None, list[PageBox], str]:
    """The page, boxes and cells of a stretch of a passage that begins on a page."""
    if not layout:
        return page, [], ""
    found = Layout.from_text(layout)
    boxes = found.boxes_between(start, end)
    here = boxes[0]["page"] if boxes else found.page_at(start) or page
    return here, boxes, found.cells_between(start, end)


def cells_of(layout: str) -> str:
    """The cells that a whole passage shows; empty when it is of no sheet."""
    # Most passages are of no sheet, and lists have many of them.
    if '"rows"' not in layout:
        return ""
    found = Layout.from_text(layout)
    return found.cells_between(0, found.rows[-1].offset + 1) if found.rows else ""


def touched(places: Sequence[Place], start: int, end: int) -> list[Place]:
    """The places of pieces that a stretch touches; a piece ends where the next one begins."""
    last = bisect.bisect_left(places, max(end, start + 1), key=offset_of)
    first = bisect.bisect_right(places, start, key=offset_of) - 1
    # Pieces that fill several lines have several places at one offset.
    first = bisect.bisect_left(places, places[first].offset, key=offset_of) if first >= 0 else 0
    return list(places[first:last])


def offset_of(place: PageAt | BoxAt | RowAt | FormAt) -> int:
    """Where the piece of a place begins."""
    return place.offset


def lines_of(boxes: Iterable[BoxAt]) -> list[BoxAt]:
    """The boxes with those of one line as one."""
    lines: list[BoxAt] = []
    for box in boxes:
        if lines and on_one_line(lines[-1], box):
            last = lines[-1]
            lines[-1] = BoxAt(
                last.offset,
                last.page,
                min(last.left, box.left),
                min(last.top, box.top),
                max(last.right, box.right),
                max(last.bottom, box.bottom),
            )
        else:
            lines.append(box)
    return lines


def on_one_line(first: BoxAt, second: BoxAt) -> bool:
    """Whether two boxes stand beside each other."""
    shared = min(first.bottom, second.bottom) - max(first.top, second.top)
    least = min(first.bottom - first.top, second.bottom - second.top)
    return first.page == second.page and shared > least * SAME_LINE


def as_shares(box: BoxAt) -> PageBox:
    """A box as the API tells it."""
    return {
        "page": box.page,
        "left": box.left / UNIT,
        "top": box.top / UNIT,
        "right": box.right / UNIT,
        "bottom": box.bottom / UNIT,
    }


def sheet_name(name: str) -> str:
    """The name of a sheet as a reference has it: `Sales`, `'Mario''s sheet'`."""
    return name if PLAIN_NAME.fullmatch(name) else "'{}'".format(name.replace("'", "''"))


def cell_range(rows: Sequence[RowAt]) -> str:
    """The smallest range that holds all cells: `A2:F40`, or `B7` alone."""
    first = f"{column_name(min(row.first for row in rows))}{min(row.row for row in rows)}"
    last = f"{column_name(max(row.last for row in rows))}{max(row.row for row in rows)}"
    return first if first == last else f"{first}:{last}"


def column_name(number: int) -> str:
    """The letters of a column that is counted from 1: `A`, `Z`, `AA`."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
