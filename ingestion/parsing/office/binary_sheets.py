"""Excel's binary files (`.xlsb`, [MS-XLSB]): what their cells show."""

from __future__ import annotations

import re
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

import xlrd

from ingestion.parsing import kinds
from ingestion.parsing.office.cells import BOOLEANS
from ingestion.parsing.office.elements import Enough
from ingestion.parsing.office.number_formats import Format, built_in, format_of, shown_number
from ingestion.parsing.office.package import Package
from ingestion.parsing.office.records import blocks_of, records_of
from ingestion.parsing.office.sheet_rows import MOST_MERGED, SheetRows
from ingestion.parsing.office.sheets import SHIFT_1904, write_attached, write_pictures_instead
from ingestion.parsing.office.writing import TITLE_LEVEL, Writer
from ingestion.parsing.unpacking import DAMAGED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ingestion.parsing.types import Extract

# Records, by their numbers.
ROW, SHARED_TEXT, FORMAT, STYLE, RICH_CELL, PROPERTIES, SHEET = 0, 19, 44, 47, 62, 153, 156
BEGIN_STYLES, END_STYLES, COMMENT, COMMENT_TEXT = 617, 618, 635, 637
# Cells by what they hold: a column and a style stand before it; before that of a short cell only
# the style, as it stands in the next column.
BLANK, NUMBER, ERROR, BOOLEAN, REAL, TEXT, SHARED = range(1, 8)
OF_FORMULA = {8: TEXT, 9: REAL, 10: BOOLEAN, 11: ERROR}
SHORT = {kind + 11: kind for kind in range(BLANK, SHARED + 1)}
HEAD, SHORT_HEAD = 8, 4
# A text begins with its length, a rich one with a byte that says what follows it.
LENGTH, NO_TEXT = 4, 0xFFFFFFFF
# The last part of a sheet; a run of other bytes does not look like it by chance.
MERGED = re.compile(
    rb"\xb0\x01\x10(..[\x00-\x0f]\x00)(..[\x00-\x0f]\x00)(.[\x00-\x3f]\x00\x00).[\x00-\x3f]\x00\x00",
    re.S,
)
MERGED_SIZE = 19


@kinds.reads(kinds.XLSB)
def read_binary_sheets(data: bytes, mime: str) -> Extract:
    """A spreadsheet, sheet by sheet, hidden ones too: their rows, comments and drawings."""
    package, writer = Package(data), Writer()
    try:
        book = BinaryBook(package)
        with suppress(Enough):
            for name, part in book.sheets:
                writer.write_heading(name, TITLE_LEVEL)
                if package.is_new(part):
                    write_sheet(book, name, part, writer)
            write_pictures_instead(package, book.sheets, writer)
    except (struct.error, IndexError) as error:
        raise DAMAGED.failure() from error
    return writer.extract(package.title())


def write_sheet(book: BinaryBook, name: str, part: str, writer: Writer) -> None:
    """Write a sheet, and below it what hangs at it."""
    writer.set_apart()
    BinaryCells(book, SheetRows(writer, name)).read(part)
    write_attached(book.package, part, writer, comments_of)


class BinaryBook:
    """What the sheets of a file have in common."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.shift = 0
        self.sheets: list[tuple[str, str]] = []
        self.codes: dict[int, str] = {}
        self.formats: list[Format] = []
        self.texts: list[str] = []
        self.is_of_cells = False
        main = package.main_part()
        relations = package.relations(main)
        self.targets = {one.id: one.target for one in relations}
        self.walk(main, {PROPERTIES: self.take_properties, SHEET: self.take_sheet})
        parts = {one.kind: one.target for one in reversed(relations)}
        self.walk(
            parts.get("styles", ""),
            {
                FORMAT: self.take_code,
                BEGIN_STYLES: self.begin_styles,
                END_STYLES: self.end_styles,
                STYLE: self.take_style,
            },
        )
        self.walk(parts.get("sharedStrings", ""), {SHARED_TEXT: self.take_text})

    def walk(self, part: str, taken: Mapping[int, Callable[[bytes], None]]) -> None:
        """Call functions with the records of a part, if there is one."""
        if self.package.holds(part):
            for kind, content in records_of(self.package.open(part)):
                if take := taken.get(kind):
                    take(content)

    def take_properties(self, content: bytes) -> None:
        """Where days are counted from."""
        self.shift = SHIFT_1904 if content[0] & 1 else 0

    def take_sheet(self, content: bytes) -> None:
        """A sheet: its part and its name, behind its state and its number."""
        reference, end = text_at(content, 8)
        self.sheets.append((text_at(content, end)[0], self.targets.get(reference, "")))

    def take_code(self, content: bytes) -> None:
        """A number format of the file's own."""
        self.codes[number_at(content, 0, 2)] = text_at(content, 2)[0]

    def begin_styles(self, content: bytes) -> None:
        """The styles of cells follow, and not those that these are made of."""
        self.is_of_cells = True

    def end_styles(self, content: bytes) -> None:
        """No more of them."""
        self.is_of_cells = False

    def take_style(self, content: bytes) -> None:
        """The number format of a style, in the order of the styles."""
        if self.is_of_cells:
            number = number_at(content, 2, 2)
            code = self.codes.get(number)
            self.formats.append(built_in(number) if code is None else format_of(code))

    def take_text(self, content: bytes) -> None:
        """A text that cells refer to by its number."""
        self.texts.append(text_at(content, 1)[0])


class BinaryCells:
    """Writes the rows of a sheet."""

    def __init__(self, book: BinaryBook, rows: SheetRows) -> None:
        self.book, self.rows = book, rows
        self.merged: dict[tuple[int, int], int] = {}
        self.cells: dict[int, str] = {}
        self.row = self.column = 0

    def read(self, part: str) -> None:
        """Read the part of a sheet."""
        self.merged = merged_in(self.book.package, part)
        for kind, content in records_of(self.book.package.open(part)):
            if kind == ROW:
                self.end_row()
                self.row, self.column = number_at(content, 0) + 1, 0
            elif kind in SHORT:
                self.column += 1
                self.take(SHORT[kind], content, SHORT_HEAD)
            elif BLANK <= kind <= SHARED or kind in OF_FORMULA or kind == RICH_CELL:
                self.column = number_at(content, 0) + 1
                self.take(OF_FORMULA.get(kind, kind), content, HEAD)
        self.end_row()

    def end_row(self) -> None:
        """Write the row."""
        if self.cells:
            spans = {
                column: self.merged[self.row, column]
                for column in self.cells
                if (self.row, column) in self.merged
            }
            self.rows.write(self.row, self.cells, spans)
            self.cells = {}

    def take(self, kind: int, content: bytes, start: int) -> None:
        """Keep what a cell shows; its value stands behind its style and a byte of switches."""
        if kind == BLANK:
            return
        style = number_at(content, start - 4, 3)
        shown_by = self.book.formats[style] if style < len(self.book.formats) else built_in(0)
        self.cells[self.column] = self.shown(kind, content, start, shown_by)

    def shown(self, kind: int, content: bytes, start: int, style: Format) -> str:
        """What a value looks like."""
        if kind == NUMBER:
            return shown_number(style, packed_number(content, start), self.book.shift)
        if kind == REAL:
            return shown_number(style, struct.unpack_from("<d", content, start)[0], self.book.shift)
        if kind == BOOLEAN:
            return BOOLEANS[str(min(content[start], 1))]
        if kind == ERROR:
            return str(xlrd.error_text_from_code.get(content[start], "#N/A"))
        if kind == SHARED:
            place = number_at(content, start)
            return style.shown_text(self.book.texts[place]) if place < len(self.book.texts) else ""
        return style.shown_text(text_at(content, start + (kind == RICH_CELL))[0])


def merged_in(package: Package, part: str) -> dict[tuple[int, int], int]:
    """The last rows of cells that are merged with those below, by row and column.

    They stand behind all rows, so the part is searched before it is read.
    """
    found: dict[tuple[int, int], int] = {}
    for block in blocks_of(package.open(part), MERGED_SIZE):
        for first, last, column in MERGED.findall(block):
            if last[::-1] > first[::-1] and len(found) < MOST_MERGED:
                found[number_at(first, 0) + 1, number_at(column, 0) + 1] = number_at(last, 0) + 1
    return found


def comments_of(package: Package, part: str) -> list[str]:
    """The comments of a part, each with its cell."""
    found: list[str] = []
    cell = ""
    for kind, content in records_of(package.open(part)) if package.is_new(part) else ():
        if kind == COMMENT:
            cell = xlrd.cellname(number_at(content, 4), number_at(content, 12))
        elif kind == COMMENT_TEXT and (words := " ".join(text_at(content, 1)[0].split())):
            found.append(f"[Comment, {cell}: {words}]")
    return found


def number_at(content: bytes, at: int, size: int = 4) -> int:
    """A whole number; raises `IndexError` when the record ends before it does."""
    if at + size > len(content):
        raise IndexError
    return int.from_bytes(content[at : at + size], "little")


def text_at(content: bytes, at: int) -> tuple[str, int]:
    """A text, and where it ends; raises `IndexError` when the record ends before it does."""
    length = number_at(content, at)
    start = at + LENGTH
    if length == NO_TEXT:
        return "", start
    end = start + 2 * length
    if end > len(content):
        raise IndexError
    return content[start:end].decode("utf-16-le", "replace"), end


def packed_number(content: bytes, at: int) -> float:
    """A number of 30 bits ([MS-XLSB] 2.5.122): a whole one or the head of any, or a hundredth."""
    packed = number_at(content, at)
    if packed & 2:
        value = float(struct.unpack("<i", packed.to_bytes(4, "little"))[0] >> 2)
    else:
        value = struct.unpack("<d", bytes(4) + (packed & ~3).to_bytes(4, "little"))[0]
    return value / 100 if packed & 1 else value
