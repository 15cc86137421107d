"""Cutting a text into passages that are found and quoted."""

from __future__ import annotations

import bisect
import re
from typing import TYPE_CHECKING

from documents.layout import Layout, Place, touched
from documents.types import PassageDraft
from ingestion.parsing.tables import header_at, tables_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingestion.parsing.types import Extract, Heading

TARGET = 1000
# A remainder up to this is not worth a passage of its own.
SLACK = 1200
# A new heading begins a new passage once this much is gathered; a new page or definition in source
# code, once this much.
ENOUGH = 400
ENOUGH_OF_A_PAGE = 150

BOUNDARIES = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"[.!?…]['\")\]]*\s+|[。！？]"),  # noqa: RUF001 -- full stops of other scripts
    re.compile(r"[;:,]\s+"),
    re.compile(r"\s+"),
)


def split(extract: Extract) -> list[PassageDraft]:
    """The passages of a text, in order, each about `TARGET` characters.

    One that continues a table has the names of its columns at the end of its heading.
    """
    text = extract.text
    paths = heading_paths(extract.headings)
    heading_offsets = [heading.offset for heading in extract.headings]
    page_offsets = [page.offset for page in extract.pages]
    breaks = heading_offsets if extract.is_code else page_offsets
    tables = extract.tables or tables_of(text)
    drafts: list[PassageDraft] = []
    for start, end in spans(text, heading_offsets, breaks):
        nearest = bisect.bisect_right(heading_offsets, start) - 1
        page = bisect.bisect_right(page_offsets, start) - 1
        path = paths[nearest] if nearest >= 0 else ""
        drafts.append(
            PassageDraft(
                ordinal=len(drafts),
                text=text[start:end],
                heading=" > ".join(filter(None, (path, header_at(tables, start)))),
                page=extract.pages[page].page if page >= 0 else None,
                start=start,
                end=end,
                layout=layout_between(extract, start, end),
            )
        )
    return drafts


def layout_between(extract: Extract, start: int, end: int) -> str:
    """Where a stretch of a text stands, as it is stored; one page alone is the passage's."""
    pages, forms = shifted(extract.pages, start, end), shifted(extract.forms, start, end)
    return Layout(
        pages if len(pages) > 1 else (),
        shifted(extract.boxes, start, end),
        shifted(extract.rows, start, end),
        forms if any(form.is_markdown for form in forms) else (),
    ).to_text()


def shifted(places: Sequence[Place], start: int, end: int) -> list[Place]:
    """The places of pieces that a stretch touches, with offsets from its beginning."""
    return [
        place._replace(offset=max(0, place.offset - start)) for place in touched(places, start, end)
    ]


def heading_paths(headings: Sequence[Heading]) -> list[str]:
    """For every heading the way to it, as `Chapter > Section`."""
    open_levels: list[Heading] = []
    paths = []
    for heading in headings:
        while open_levels and open_levels[-1].level >= heading.level:
            open_levels.pop()
        open_levels.append(heading)
        paths.append(" > ".join(part.title for part in open_levels if part.title))
    return paths


def spans(text: str, headings: Sequence[int], breaks: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The passages as offsets, without the white space around them."""
    start = 0
    while start < len(text):
        limit = min(
            next_break(headings, start + ENOUGH, len(text)),
            next_break(breaks, start + ENOUGH_OF_A_PAGE, len(text)),
        )
        end = limit if limit - start <= SLACK else best_cut(text, start)
        left = start + (end - start - len(text[start:end].lstrip()))
        right = start + len(text[start:end].rstrip())
        if left < right:
            yield left, right
        start = end


def next_break(offsets: Sequence[int], start: int, end: int) -> int:
    """The first offset from `start` on, or the end of the text."""
    following = bisect.bisect_left(offsets, start)
    return offsets[following] if following < len(offsets) else end


def best_cut(text: str, start: int) -> int:
    """The last paragraph, line, sentence or word end before the target length."""
    window = text[start : start + TARGET]
    for boundary in BOUNDARIES:
        ends = [match.end() for match in boundary.finditer(window, ENOUGH)]
        if ends:
            return start + ends[-1]
    return start + TARGET
