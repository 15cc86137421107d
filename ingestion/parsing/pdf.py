"""PDF files: text by pages, headings by tags, bookmarks and the layout, values of forms."""

from __future__ import annotations

import bisect
import re
from typing import TYPE_CHECKING, Any

from documents.layout import PageAt
from ingestion.parsing import kinds, markdown
from ingestion.parsing.extracting import configuration, extract, title_of
from ingestion.parsing.hyphens import mended
from ingestion.parsing.line_order import FROM_RIGHT
from ingestion.parsing.pdf_forms import filled_in
from ingestion.parsing.pdf_headings import headings_in, told_headings
from ingestion.parsing.pdf_layout import pdf_boxes
from ingestion.parsing.right_to_left import in_reading_order, key_of
from ingestion.parsing.running_lines import without_contents, without_running_lines
from ingestion.parsing.scans.pages import scanned_texts
from ingestion.parsing.scans.rules import current
from ingestion.parsing.types import Extract, Heading, ParseFailed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

NO_TEXT = "The PDF holds no text, and none was recognised in its images."
OFF = "The PDF holds images and no text, and reading images is switched off (OCR_ENABLED)."
# The extractor cuts dates by bytes, and breaks down within a letter (`2026年`). Nothing asks for
# them; another name of the same length hides them and moves nothing.
DATES = re.compile(rb"/(Creation|Mod)Date\b")


@kinds.reads(kinds.PDF)
def read_pdf(data: bytes, mime: str) -> Extract:
    """A PDF page by page, with what was filled in, and the headings it tells of or sets apart."""
    found = extract(DATES.sub(rb"/\1DatX", data), mime, configuration(pages=True))
    pages = found.pages or []
    plain = [page["content"].replace("\r\n", "\n").strip() for page in pages]
    numbers = [page["page_number"] for page in pages]
    plain = list(in_reading_order(data, dict(zip(numbers, plain, strict=True))).values())
    layout = markdown.headings_of(found.content)
    scanned = scanned_texts(data, dict(zip(numbers, plain, strict=True)))
    read = [
        scanned[number].text if number in scanned else words
        for number, words in zip(numbers, plain, strict=True)
    ]
    words = mended(content_of_pages(read, {heading.title for heading in layout}))
    remarks, values = remarks_of(found), filled_in(data)
    text, starts = joined(
        numbers,
        [
            "\n\n".join(filter(None, (words[n], values.get(n), remarks.get(number))))
            for n, number in enumerate(numbers)
        ],
    )
    if not text.strip():
        raise ParseFailed("no_text", NO_TEXT if current().rules.enabled else OFF)
    headings = sorted(
        [
            *headings_in(text, starts, told_headings(data), lines_of_layout(text, layout)),
            *headings_of_scans(text, starts, scanned),
        ],
        key=lambda heading: heading.offset,
    )
    notes, boxes = current().notes(), pdf_boxes(data, text, starts, scanned)
    return Extract(text, title_of(found), headings, starts, len(pages), notes=notes, boxes=boxes)


def content_of_pages(pages: list[str], titles: set[str]) -> list[str]:
    """The pages without what they repeat and without tables of contents, if anything is left."""
    content = without_contents(without_running_lines(pages, titles))
    return content if any(page.strip() for page in content) else pages


def remarks_of(found: Any) -> dict[int, str]:
    """What people typed onto each page or remarked on it, a line each."""
    lines: dict[int, list[str]] = {}
    for remark in found.annotations or []:
        if remark.annotation_type == "text" and remark.content:
            lines.setdefault(remark.page_number, []).append(" ".join(remark.content.split()))
    return {number: "\n".join(dict.fromkeys(found)) for number, found in lines.items()}


def lines_of_layout(text: str, layout: list[Heading]) -> list[Heading]:
    """The lines of a text that the layout analysis took for headings, in order."""
    levels = {
        heading.title.replace("\\", ""): heading.level
        for heading in layout
        if len(heading.title) > 1
    }
    # The layout has the words of these from left to right.
    turned = {key_of(title): level for title, level in levels.items() if FROM_RIGHT.search(title)}
    found, offset = [], 0
    for line in text.split("\n"):
        title = line.strip()
        level = levels.get(title)
        if level is None and turned and FROM_RIGHT.search(title):
            level = turned.get(key_of(title))
        if level is not None:
            found.append(Heading(offset, level, title))
        offset += len(line) + 1
    return found


def headings_of_scans(
    text: str, starts: Sequence[PageAt], scanned: Collection[int]
) -> Iterator[Heading]:
    """The headings of pages that were recognised, which are marked in their text."""
    pages = [start.page for start in starts]
    offsets = [start.offset for start in starts]
    for heading in markdown.headings_of(text) if scanned else ():
        if pages[bisect.bisect_right(offsets, heading.offset) - 1] in scanned:
            yield heading


def joined(numbers: list[int], texts: list[str]) -> tuple[str, list[PageAt]]:
    """The pages as one text, and where each begins."""
    starts, offset = [], 0
    for number, text in zip(numbers, texts, strict=True):
        starts.append(PageAt(offset, number))
        offset += len(text) + 2
    return "\n\n".join(texts), starts
