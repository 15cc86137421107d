"""Where the text of a PDF stands on its pages."""

from __future__ import annotations

import contextlib
import ctypes
import time
from typing import TYPE_CHECKING, Any

from ingestion.parsing.letters import Box, WordLetters, boxes_of, nowhere, places_of_letters
from ingestion.parsing.line_order import text_in_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from documents.layout import BoxAt, PageAt
    from ingestion.parsing.scans.rules import PictureText

# Seconds for all pages of a file: a page takes a few thousandths of one. Passages of pages that
# are left out still know their page.
MOST_SECONDS = 20.0
# The library tells places in whole numbers, as if the page had so many points each way.
GRID = 1_000_000
# Of the page's own measure, about the size of a page: the axes are straight.
STEP = 1000


def pdf_boxes(
    data: bytes, text: str, starts: Sequence[PageAt], scanned: Mapping[int, PictureText]
) -> list[BoxAt]:
    """The boxes of the pieces of a text, which was joined of pages; `scanned` by page number.

    Pages that are damaged have none.
    """
    import pypdfium2  # noqa: PLC0415 -- a library of the other readers, and loaded by its first file

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        return []
    with contextlib.closing(document):
        return list(boxes_by_page(document, text, starts, scanned))


def boxes_by_page(
    document: Any, text: str, starts: Sequence[PageAt], scanned: Mapping[int, PictureText]
) -> Iterator[BoxAt]:
    """The boxes of each page in turn, while there is time."""
    until = time.monotonic() + MOST_SECONDS
    ends = [*(start.offset for start in starts[1:]), len(text)]
    for start, end in zip(starts, ends, strict=True):
        if time.monotonic() > until:
            # Else the last box would be that of all that follows.
            yield nowhere(start.offset, start.page)
            return
        words = text[start.offset : end]
        if not words.strip():
            continue
        if start.page in scanned:
            found = WordLetters(*scanned[start.page])
            yield from boxes_of(words, start.offset, start.page, found)
            continue
        with opened(document, start.page) as letters:
            if letters is None:
                yield nowhere(start.offset, start.page)
            else:
                yield from boxes_of(words, start.offset, start.page, letters)


Share = tuple[float, float]


@contextlib.contextmanager
def opened(document: Any, number: int) -> Iterator[DrawnLetters | None]:
    """The letters of a page; none when it is damaged."""
    import pypdfium2  # noqa: PLC0415 -- see above

    try:
        page = document[number - 1]
    except (pypdfium2.PdfiumError, IndexError):
        yield None
        return
    with contextlib.closing(page):
        try:
            drawn = page.get_textpage()
        except pypdfium2.PdfiumError:
            yield None
            return
        with contextlib.closing(drawn):
            yield DrawnLetters(page, drawn)


class DrawnLetters:
    """The letters that a page draws."""

    def __init__(self, page: Any, drawn: Any) -> None:
        self.drawn, self.axes = drawn, axes_of(page)
        text, order = text_in_order(drawn)
        self.letters, places = places_of_letters(text)
        self.places = [order[place] for place in places]

    def lines(self, start: int, end: int) -> list[tuple[int, list[Box]]]:
        """The boxes of some letters, as the page is seen: turned and cut as it says."""
        return [(start, self.boxes(start, end))]

    def boxes(self, start: int, end: int) -> list[Box]:
        """The boxes of some letters, line by line."""
        from pypdfium2 import raw  # noqa: PLC0415 -- see above

        first, last = (
            raw.FPDFText_GetCharIndexFromTextIndex(self.drawn, place)
            for place in (min(self.places[start:end]), max(self.places[start:end]))
        )
        if first < 0 or last < first:
            return []
        count = raw.FPDFText_CountRects(self.drawn, first, last - first + 1)
        return [self.seen(*self.drawn.get_rect(number)) for number in range(count)]

    def seen(self, left: float, bottom: float, right: float, top: float) -> Box:
        """A box of the page's own measure, as people see it."""
        columns, rows = zip(self.point(left, bottom), self.point(right, top), strict=True)
        return Box(min(columns), min(rows), max(columns), max(rows))

    def point(self, across: float, up: float) -> Share:
        """A point as shares of the page from its top left."""
        origin, (across_column, across_row), (up_column, up_row) = self.axes
        return (
            origin[0] + across * across_column + up * up_column,
            origin[1] + across * across_row + up * up_row,
        )


def axes_of(page: Any) -> tuple[Share, Share, Share]:
    """Where a page's zero is seen, and how far one step across and one up lead from there."""
    zero, across, up = (seen_at(page, *step) for step in ((0, 0), (STEP, 0), (0, STEP)))
    return (
        zero,
        ((across[0] - zero[0]) / STEP, (across[1] - zero[1]) / STEP),
        ((up[0] - zero[0]) / STEP, (up[1] - zero[1]) / STEP),
    )


def seen_at(page: Any, across: float, up: float) -> Share:
    """Where a point is seen, as shares of the page from its top left."""
    from pypdfium2 import raw  # noqa: PLC0415 -- see above

    column, row = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, GRID, GRID, 0, across, up, column, row)
    return column.value / GRID, row.value / GRID
