"""The cells of an Excel sheet, row by row."""

from __future__ import annotations

import math
from typing import IO, TYPE_CHECKING

from ingestion.parsing.office.blank_rows import without_blank_rows
from ingestion.parsing.office.elements import Characters, Walk, unescaped, whole
from ingestion.parsing.office.number_formats import shown_number
from ingestion.parsing.office.sheet_rows import SheetRows, column_of, merged_below, row_number

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes
    from ingestion.parsing.office.sheets import Book
    from ingestion.parsing.office.writing import Writer

# Readings above characters are no text of the cell.
SKIPPED = frozenset({"s:rPh", "s:phoneticPr", "s:extLst"})
BOOLEANS = {"1": "TRUE", "0": "FALSE"}


def read_shared_texts(stream: IO[bytes]) -> list[str]:
    """The texts that cells refer to by their number."""
    found: list[str] = []
    characters = Characters("s:t")
    ends = {**characters.ends(), "s:si": lambda: found.append(characters.pop())}
    Walk(characters.starts(), ends, characters.take, skipped=SKIPPED).through(stream)
    return found


class Cells:
    """Writes the rows of a sheet."""

    def __init__(self, book: Book, writer: Writer, sheet: str) -> None:
        self.book, self.writer = book, writer
        self.rows = SheetRows(writer, sheet)
        self.merged: dict[tuple[int, int], int] = {}
        self.row: dict[int, str] = {}
        self.row_at = self.filled = 0
        # Where the cell is: so many cells behind one with a reference.
        self.reference, self.beyond = "", 0
        self.kind = self.style = self.formula = ""
        self.value: list[str] = []
        self.pieces: list[str] = []
        self.is_kept = False

    def read(self, part: str) -> None:
        """Walk through the part of a sheet."""
        self.writer.set_apart()
        self.merged = merged_below(self.book.package.open(part))
        Walk(
            {
                "s:row": self.start_row,
                "s:c": self.start_cell,
                "s:v": self.start_piece,
                "s:f": self.start_piece,
                "s:t": self.start_piece,
            },
            {
                "s:row": self.end_row,
                "s:c": self.end_cell,
                "s:v": self.end_value,
                "s:t": self.end_value,
                "s:f": self.end_formula,
            },
            self.take,
            skipped=SKIPPED | {"s:headerFooter", "s:dataValidations", "s:conditionalFormatting"},
        ).through(without_blank_rows(self.book.package.open(part)))

    def take(self, text: str) -> None:
        """Keep characters of values and formulas."""
        if self.is_kept:
            self.pieces.append(text)

    def start_row(self, attributes: Attributes) -> None:
        """A row begins."""
        self.row_at = row_number(attributes.get("r"), self.row_at)
        self.row, self.filled = {}, 0
        self.reference, self.beyond = "", 0

    def end_row(self) -> None:
        """Write the row."""
        spans = {
            column: self.merged[self.row_at, column]
            for column in self.row
            if (self.row_at, column) in self.merged
        }
        self.rows.write(self.row_at, self.row, spans)

    def start_cell(self, attributes: Attributes) -> None:
        """A cell begins; without a reference it follows the one before."""
        if "r" in attributes:
            self.reference, self.beyond = attributes["r"], 0
        else:
            self.beyond += 1
        self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "0")
        self.formula = ""
        self.value = []

    def start_piece(self, attributes: Attributes) -> None:
        """A value, a formula or a text follows."""
        self.is_kept = True

    def end_value(self) -> None:
        """Keep a value, or a part of one."""
        self.is_kept = False
        self.value += self.pieces
        self.pieces = []

    def end_formula(self) -> None:
        """Keep a formula."""
        self.is_kept = False
        self.formula = "".join(self.pieces)
        self.pieces = []

    def end_cell(self) -> None:
        """Add what the cell shows to the row; a formula that was never computed shows itself."""
        if not self.value and not self.formula:
            return
        value = "".join(self.value)
        # A text that a formula computed may be empty.
        is_computed = value or self.kind == "str"
        text = self.shown(value) if is_computed else f"={self.formula}"
        if text.strip():
            # What a damaged reference says is in the next cell.
            self.filled = max(column_of(self.reference) + self.beyond, self.filled + 1)
            self.row[self.filled] = text

    def shown(self, value: str) -> str:
        """What a stored value looks like."""
        if self.kind == "s":
            place = whole(value)
            is_known = place is not None and 0 <= place < len(self.book.texts)
            return self.formatted(self.book.texts[place or 0]) if is_known else ""
        if self.kind in {"str", "inlineStr"}:
            return self.formatted(unescaped(value))
        if self.kind == "b":
            return BOOLEANS.get(value.strip(), value)
        if self.kind == "d":
            return value.removesuffix("T00:00:00").replace("T", " ")
        return value if self.kind == "e" else self.number(value)

    def number(self, value: str) -> str:
        """A number in the format of its cell."""
        try:
            number = float(value)
        except ValueError:
            return value
        style = whole(self.style) or 0
        if not math.isfinite(number):
            return value
        if not 0 <= style < len(self.book.formats):
            return value
        return shown_number(self.book.formats[style], number, self.book.shift)

    def formatted(self, text: str) -> str:
        """A text in the format of its cell."""
        style = whole(self.style) or 0
        known = 0 <= style < len(self.book.formats)
        return self.book.formats[style].shown_text(text) if known else text
