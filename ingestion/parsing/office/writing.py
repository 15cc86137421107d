"""Gathering the text of a document: paragraphs, lists, tables, headings and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from documents.layout import PageAt, RowAt
from ingestion.parsing.office.elements import Enough
from ingestion.parsing.scans.rules import current
from ingestion.parsing.types import LONGEST_TEXT, Extract, Heading

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DEEPEST_HEADING = 6
SHOWN_HEADING = 4
LONGEST_HEADING = 200
# Soft hyphens are not seen; with the hyphen that never breaks, a word is not found.
HYPHENS = str.maketrans({"\u00ad": None, "\u2011": "-"})
# Sheets and slides stand below the file; what a speaker says stands below its slide.
TITLE_LEVEL, NOTES_LEVEL = 2, 3
NOTES = "Notes"
# A sheet, a row of it, its first and its last column that are shown; counted from 1.
Cells = tuple[str, int, int, int]


class Writer:
    """The text as it grows; raises `Enough` once there is more than is stored."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.headings: list[Heading] = []
        self.pages: list[PageAt] = []
        self.rows: list[RowAt] = []
        self.length = 0
        self.is_close = False

    def write(self, text: str, *, close: bool = False, at: Cells | None = None) -> None:
        """Add a paragraph; `close` ones follow each other without an empty line.

        `at` are the cells that it shows.
        """
        text = readable(text).strip("\n").rstrip()
        if not text.strip():
            return
        between = "" if not self.length else "\n" if close and self.is_close else "\n\n"
        self.is_close = close
        self.note_cells(self.length + len(between), at)
        self.pieces += (between, text)
        self.length += len(between) + len(text)
        if self.length > LONGEST_TEXT:
            raise Enough

    def write_heading(self, text: str, level: int) -> None:
        """Add a heading of level 1 to 6; the deep ones are text like any other to passages."""
        title = " ".join(readable(text).split())
        if not title:
            return
        level = min(max(level, 1), DEEPEST_HEADING)
        if level <= SHOWN_HEADING:
            offset = self.length + 2 if self.length else 0
            self.headings.append(Heading(offset, level, title[:LONGEST_HEADING]))
        self.write(f"{'#' * level} {title}")

    def write_row(self, cells: list[str], *, at: Cells | None = None) -> None:
        """Add a row of a table, when anything is in it."""
        filled = [" ".join(cell.split()) for cell in cells]
        if any(filled):
            self.write(f"| {' | '.join(filled)} |", close=True, at=at)

    def note_cells(self, offset: int, at: Cells | None) -> None:
        """Keep which cells the text from an offset on shows; after rows also that it shows none."""
        if at is not None:
            self.rows.append(RowAt(offset, *at))
        elif self.rows and self.rows[-1].row:
            self.rows.append(RowAt(offset, "", 0, 0, 0))

    def set_apart(self) -> None:
        """Put an empty line before what follows."""
        self.is_close = False

    def end_outline(self) -> None:
        """What follows belongs to no heading."""
        self.is_close = False
        self.headings.append(Heading(self.length + 2 if self.length else 0, 1, ""))

    def write_margins(self, lines: list[str]) -> None:
        """Write what stands around the text of every page, once, and no numbers of pages."""
        self.end_outline()
        for line in dict.fromkeys(lines):
            if any(sign.isalpha() for sign in line):
                self.write(line, close=True)

    def begin_page(self, number: int) -> None:
        """What follows is on this page, also when that is nothing."""
        self.is_close = False
        self.pages.append(PageAt(self.length + 2 if self.length else 0, number))

    def extract(self, title: str, *, paged: bool = False) -> Extract:
        """The text with its headings, and its pages when the format has any."""
        count = len(self.pages) or None
        return Extract(
            "".join(self.pieces),
            title,
            self.headings,
            self.pages,
            count if paged else None,
            rows=self.rows,
            notes=current().notes(),
        )


class Lines:
    """What a cell, a note or a text box holds, a line for every paragraph."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, text: str, *, close: bool = False) -> None:
        """Add a paragraph."""
        if text := readable(text).strip():
            self.lines.append(text)

    def write_heading(self, text: str, level: int) -> None:
        """Add a heading, which is no heading of the document here."""
        self.write(" ".join(text.split()))

    def write_row(self, cells: list[str]) -> None:
        """Add a row of a table as one line."""
        self.write(" | ".join(cell for cell in cells if cell))

    def set_apart(self) -> None:
        """There are no empty lines here."""

    def as_line(self) -> str:
        """All of it in one line."""
        return " ".join(" ".join(self.lines).split())


Sink = Writer | Lines


def write_block(sink: Sink, lines: Iterable[str]) -> None:
    """Write lines that belong together, apart from what is around them."""
    sink.set_apart()
    for line in lines:
        sink.write(line, close=True)
    sink.set_apart()


def write_lines(sink: Sink, text: str, headings: Sequence[Heading], *, below: int = 0) -> None:
    """Write a text line by line, with its headings below a level."""
    found = {heading.offset: heading for heading in headings}
    offset = 0
    for line in text.split("\n"):
        if heading := found.get(offset):
            sink.write_heading(heading.title, heading.level + below)
        elif line.strip():
            sink.write(line, close=True)
        else:
            sink.set_apart()
        offset += len(line) + 1


def readable(text: str) -> str:
    """The text with the hyphens people see and type."""
    return text if text.isascii() else text.translate(HYPHENS)
