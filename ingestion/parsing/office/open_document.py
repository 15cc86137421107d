"""OpenDocument files: texts, spreadsheets, presentations."""

from __future__ import annotations

import io
from contextlib import suppress
from functools import cached_property
from typing import IO, TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.office.blank_rows import with_blank_rows_joined
from ingestion.parsing.office.elements import Enough, whole
from ingestion.parsing.office.open_prose import MOST_CELLS, SKIPPED, Prose
from ingestion.parsing.office.package import Package
from ingestion.parsing.office.pictures import is_silent, write_pictures, write_slide_pictures
from ingestion.parsing.office.sheet_rows import MOST_ROWS, SheetRows
from ingestion.parsing.office.writing import NOTES, NOTES_LEVEL, TITLE_LEVEL, Lines, Writer
from ingestion.parsing.unpacking import ENCRYPTED

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes, Ends, Starts
    from ingestion.parsing.office.open_objects import Chart
    from ingestion.parsing.office.writing import Sink
    from ingestion.parsing.types import Extract

CONTENT, STYLES, PROPERTIES = "content.xml", "styles.xml", "meta.xml"
MANIFEST = "META-INF/manifest.xml"
# Beside what a slide says: frames by their class.
AROUND = {"title", "footer", "date-time"}
MARGINS = [f"style:{end}{page}" for end in ("header", "footer") for page in ("", "-first", "-left")]


@kinds.reads(kinds.ODT)
def read_open_text(data: bytes, mime: str) -> Extract:
    """A text with its notes and comments, and what stands around it on every page."""
    package, writer = opened(data), Writer()
    margins = Margins()
    if package.holds(STYLES):
        margins.walk.through(package.open(STYLES))
    prose = Prose(writer, margins.lists, package=package)
    prose.hidden = margins.hidden
    with suppress(Enough):
        prose.walk.through(package.open(CONTENT))
        if prose.pictures and is_silent(writer):
            write_pictures(package, prose.pictures, writer)
        writer.write_margins(margins.lines.lines)
    return writer.extract(package.title(PROPERTIES))


@kinds.reads(kinds.ODS)
def read_open_sheets(data: bytes, mime: str) -> Extract:
    """A spreadsheet as it is shown: the file holds every value as text, too."""
    package, writer = opened(data), Writer()
    sheets = Sheets(package, writer)
    with suppress(Enough):
        sheets.walk.through(with_blank_rows_joined(package.open(CONTENT)))
        if not writer.rows:
            write_pictures(package, sheets.pictures, writer)
    return writer.extract(package.title(PROPERTIES))


@kinds.reads(kinds.ODP)
def read_open_slides(data: bytes, mime: str) -> Extract:
    """A presentation: every slide is a page."""
    package, writer = opened(data), Writer()
    with suppress(Enough):
        Slides(package, writer).walk.through(package.open(CONTENT))
    return writer.extract(package.title(PROPERTIES), paged=True)


class FlatFile(Package):
    """A file that is one piece of XML: whichever part is asked for, it is in there."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.seen: set[str] = set()

    def holds(self, name: str) -> bool:
        """Whether it is one of those that are in there; objects stand where they are seen."""
        return name in {CONTENT, STYLES, PROPERTIES}

    def open(self, name: str) -> IO[bytes]:
        """The whole file."""
        return io.BytesIO(self.data)


def opened(data: bytes) -> Package:
    """The parts of a file; raises `ParseFailed` when they are encrypted."""
    if not data.startswith(b"PK"):
        return FlatFile(data)
    package = Package(data)
    # Looked for as bytes: old manifests do not declare their own names.
    if package.says(MANIFEST, b":encryption-data"):
        raise ENCRYPTED.failure()
    return package


class Margins(Prose):
    """What stands on top and at the bottom of pages; styles hold other texts, too."""

    skipped = SKIPPED | {"office:body", "office:binary-data"}

    def __init__(self) -> None:
        self.lines = Lines()
        self.is_margin = False
        super().__init__(self.lines)

    def starts(self) -> Starts:
        """Margins besides all that stands in them."""
        return {**super().starts(), **dict.fromkeys(MARGINS, self.start_margin)}

    def ends(self) -> Ends:
        """Margins besides all that stands in them."""
        return {**super().ends(), **dict.fromkeys(MARGINS, self.end_margin)}

    def start_margin(self, attributes: Attributes) -> None:
        """A margin begins, unless it is switched off."""
        if attributes.get("style:display") == "false":
            self.walk.skip()
        else:
            self.is_margin = True

    def end_margin(self) -> None:
        """A margin ends."""
        self.is_margin = False

    def write_paragraph(self, text: str, level: int, sink: Sink) -> None:
        """Write a line of a margin."""
        if self.is_margin:
            super().write_paragraph(text, level, sink)


class Sheets(Prose):
    """The content of a spreadsheet: every sheet under its name."""

    def __init__(self, package: Package, writer: Writer) -> None:
        super().__init__(writer, package=package)
        self.writer = writer
        self.sheet = SheetRows(writer, "")
        self.number = 0
        # Of the cells of a row, how many rows each is high.
        self.heights: list[int] = []

    def starts(self) -> Starts:
        """Cells below merged ones besides all that stands in a sheet."""
        return {**super().starts(), "table:covered-table-cell": self.start_covered}

    def start_table(self, attributes: Attributes) -> None:
        """A sheet begins."""
        if len(self.sinks) == 1:
            name = attributes.get("table:name", "")
            self.writer.write_heading(name, TITLE_LEVEL)
            self.sheet, self.number = SheetRows(self.writer, name), 0
        super().start_table(attributes)

    def start_row(self, attributes: Attributes) -> None:
        """A row begins."""
        if len(self.sinks) == 1:
            self.heights = []
        super().start_row(attributes)

    def start_cell(self, attributes: Attributes) -> None:
        """A cell begins, which may be merged with those below."""
        if len(self.sinks) == 1:
            self.heights.append(whole(attributes.get("table:number-rows-spanned")) or 1)
        super().start_cell(attributes)

    def start_covered(self, attributes: Attributes) -> None:
        """A cell begins that another one hides, with what it may hold."""
        count = whole(attributes.get("table:number-columns-repeated")) or 1
        if len(self.sinks) == 1 and self.rows:
            self.heights.append(1)
            self.rows[-1].append(("", count))
        self.walk.skip()

    def end_row(self) -> None:
        """Write a row, as often as it stands there, and its comments."""
        if len(self.sinks) > 1:
            super().end_row()
            return
        cells, spans = self.numbered(self.rows.pop())
        count = self.row_repeats.pop()
        for number in range(self.number + 1, self.number + count + 1 if cells else 0):
            self.sheet.write(number, cells, {column: number + high - 1 for column, high in spans})
        self.number = min(self.number + count, MOST_ROWS)
        self.write_notes()

    def numbered(self, row: list[tuple[str, int]]) -> tuple[dict[int, str], list[tuple[int, int]]]:
        """The cells of a row that show something, by column, and how many rows some are high."""
        cells: dict[int, str] = {}
        spans: list[tuple[int, int]] = []
        column = 1
        for (text, count), high in zip(row, self.heights, strict=False):
            if text:
                cells |= dict.fromkeys(range(column, min(column + count, MOST_CELLS + 1)), text)
            if text and high > 1:
                spans.append((column, high))
            column += count
        return cells, spans


class Slides(Prose):
    """The content of a presentation: every slide is a page, its title a heading."""

    def __init__(self, package: Package, writer: Writer) -> None:
        super().__init__(writer, package=package)
        self.show, self.writer = package, writer
        self.number = 0
        # What the frame is for that is read.
        self.frame = ""
        self.in_notes = self.is_first_note = False
        self.is_silent = True

    def starts(self) -> Starts:
        """Slides, frames and notes besides all that stands in them."""
        return {
            **super().starts(),
            "draw:page": self.start_slide,
            "draw:frame": self.start_frame,
            "presentation:notes": self.start_notes,
        }

    def ends(self) -> Ends:
        """Slides, frames and notes besides all that stands in them."""
        return {
            **super().ends(),
            "draw:page": self.end_slide,
            "draw:frame": self.end_frame,
            "presentation:notes": self.end_notes,
        }

    def start_slide(self, attributes: Attributes) -> None:
        """A slide begins."""
        self.number += 1
        self.is_silent = True
        self.pictures = []
        self.writer.begin_page(self.number)

    def end_slide(self) -> None:
        """A slide ends, whose pictures count when it says nothing below its title."""
        pictures, self.pictures = self.pictures, []
        if pictures and self.is_silent:
            at = (self.number, self.slides)
            write_slide_pictures(self.show, pictures, self.writer, at=at)

    @cached_property
    def slides(self) -> int:
        """How many there are."""
        return self.show.read(CONTENT).count(b"<draw:page ")

    def start_frame(self, attributes: Attributes) -> None:
        """A frame begins; numbers of slides are left out."""
        self.frame = attributes.get("presentation:class", "")
        if self.frame == "page-number":
            self.walk.skip()

    def end_frame(self) -> None:
        """A frame ends, below which the chart or the sheet in it is written."""
        self.frame = ""
        self.write_objects()

    def write_object(self, found: Chart | str) -> None:
        """Write what says as much as text does."""
        self.is_silent = False
        super().write_object(found)

    def default_level(self) -> int:
        """Paragraphs of the title are headings."""
        is_title = self.frame == "title" and not self.in_notes
        return TITLE_LEVEL if is_title and len(self.sinks) == 1 else 0

    def start_notes(self, attributes: Attributes) -> None:
        """Notes of the speaker follow, under a heading if there are any."""
        self.end_slide()
        self.in_notes = self.is_first_note = True

    def write_paragraph(self, text: str, level: int, sink: Sink) -> None:
        """Write the heading of the notes before the first of them."""
        if text.strip() and self.frame not in AROUND:
            self.is_silent = False
        if text.strip() and self.in_notes and self.is_first_note:
            self.writer.write_heading(NOTES, NOTES_LEVEL)
            self.is_first_note = False
        super().write_paragraph(text, level, sink)

    def end_notes(self) -> None:
        """They end."""
        self.in_notes = False
