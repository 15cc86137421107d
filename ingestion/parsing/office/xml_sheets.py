"""Excel's XML files of 2003, which programs of accounting and banks still write as `.xls`."""

from __future__ import annotations

import io
import math
from contextlib import suppress
from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.office.cells import BOOLEANS
from ingestion.parsing.office.elements import Enough, Walk, whole
from ingestion.parsing.office.number_formats import Format, built_in, format_of, shown_number
from ingestion.parsing.office.sheet_rows import MOST_ROWS, SheetRows
from ingestion.parsing.office.writing import TITLE_LEVEL, Writer

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes
    from ingestion.parsing.types import Extract

MOST_COLUMNS = 16_384
# Formats that have names in these files, by their numbers in others.
NAMED_FORMATS = {
    "": 0,
    "Fixed": 2,
    "Standard": 4,
    "Percent": 10,
    "Scientific": 11,
    "Short Date": 14,
    "Medium Date": 15,
    "Long Date": 14,
    "General Date": 22,
    "Medium Time": 18,
    "Long Time": 21,
    "Short Time": 20,
}
MIDNIGHT = ("T00:00:00.000", "T00:00:00")


@kinds.reads(kinds.XML_SHEETS)
def read_xml_sheets(data: bytes, mime: str) -> Extract:
    """A spreadsheet, sheet by sheet, as its cells show it."""
    writer = Writer()
    with suppress(Enough):
        XmlSheets(writer).read(data)
    return writer.extract("")


class XmlSheets:
    """Writes the sheets of a file."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.rows = SheetRows(writer, "")
        self.row = self.column = 0
        self.below = self.beside = 0
        self.cells: dict[int, str] = {}
        self.spans: dict[int, int] = {}
        self.kind = self.style = ""
        self.formats: dict[str, Format] = {}
        self.pieces: list[str] | None = None

    def read(self, data: bytes) -> None:
        """Walk through the file; raises `ParseFailed` when it is damaged."""
        Walk(
            {
                "ss:Style": self.start_style,
                "ss:NumberFormat": self.take_format,
                "ss:Worksheet": self.start_sheet,
                "ss:Row": self.start_row,
                "ss:Cell": self.start_cell,
                "ss:Data": self.start_value,
            },
            {"ss:Row": self.end_row, "ss:Data": self.end_value},
            self.take,
            skipped=frozenset({"ss:Comment"}),
        ).through(io.BytesIO(data))

    def start_style(self, attributes: Attributes) -> None:
        """A style begins."""
        self.style = attributes.get("ss:ID", "")

    def take_format(self, attributes: Attributes) -> None:
        """The number format of a style, by its name or as it is written."""
        code = attributes.get("ss:Format", "")
        number = NAMED_FORMATS.get(code)
        self.formats[self.style] = format_of(code) if number is None else built_in(number)

    def start_sheet(self, attributes: Attributes) -> None:
        """A sheet begins."""
        name = attributes.get("ss:Name", "")
        self.writer.write_heading(name, TITLE_LEVEL)
        self.writer.set_apart()
        self.rows, self.row = SheetRows(self.writer, name), 0

    def start_row(self, attributes: Attributes) -> None:
        """A row begins, the next one or one further down."""
        self.row = min(max(whole(attributes.get("ss:Index")) or 0, self.row + 1), MOST_ROWS)
        self.column = self.beside = 0
        self.cells, self.spans = {}, {}

    def end_row(self) -> None:
        """Write the row."""
        self.rows.write(self.row, self.cells, self.spans)

    def start_cell(self, attributes: Attributes) -> None:
        """A cell begins, behind the columns over which the one before was merged."""
        follows = self.column + self.beside + 1
        self.column = min(max(whole(attributes.get("ss:Index")) or 0, follows), MOST_COLUMNS)
        self.beside = whole(attributes.get("ss:MergeAcross")) or 0
        self.below = whole(attributes.get("ss:MergeDown")) or 0
        self.style = attributes.get("ss:StyleID", "")

    def start_value(self, attributes: Attributes) -> None:
        """A value follows."""
        self.kind, self.pieces = attributes.get("ss:Type", ""), []

    def take(self, text: str) -> None:
        """Keep characters of values."""
        if self.pieces is not None:
            self.pieces.append(text)

    def end_value(self) -> None:
        """Keep what the cell shows."""
        text, self.pieces = "".join(self.pieces or ()), None
        style = self.formats.get(self.style, built_in(0))
        self.cells[self.column] = shown(self.kind, text, style)
        if self.below > 0:
            self.spans[self.column] = self.row + self.below


def shown(kind: str, text: str, style: Format) -> str:
    """What a stored value looks like."""
    if kind == "Number":
        return shown_stored(text, style)
    if kind == "Boolean":
        return BOOLEANS.get(text.strip(), text)
    if kind != "DateTime":
        return text
    for midnight in MIDNIGHT:
        text = text.removesuffix(midnight)
    return text.removesuffix(".000").replace("T", " ").removeprefix("1899-12-31 ")


def shown_stored(text: str, style: Format) -> str:
    """A number in the format of its cell; what is none, as it stands."""
    try:
        number = float(text)
    except ValueError:
        return text
    return shown_number(style, number, 0) if math.isfinite(number) else text
