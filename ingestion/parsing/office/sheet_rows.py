"""The rows of a sheet as they are written: with what merged cells show, and where they stand."""

from __future__ import annotations

import re
import zlib
from typing import IO, TYPE_CHECKING, NamedTuple

from ingestion.parsing.office.elements import whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingestion.parsing.office.writing import Writer

# How many empty cells between two filled ones are shown.
MOST_EMPTY = 50
# Of a sheet; programs write each merged cell by itself.
MOST_MERGED = 20_000
# A longer text beside many rows is a remark about them, not their category.
LONGEST_REPEATED = 200
LONGEST_REFERENCE = 3
# It is kept with every passage, and a file may say what it likes.
LONGEST_NAME = 100
MOST_ROWS = 2**31 - 1
# Bounded, for a file may begin such tags and end none.
MERGED = re.compile(
    rb"mergeCell\b[^>]{0,100}?\bref=[\"']([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})[\"']"
)
BLOCK = 2**20
LONGEST_TAG = 200


class Merged(NamedTuple):
    """What a merged cell shows, down to which row."""

    last: int
    text: str


class SheetRows:
    """Writes the rows of one sheet, from the top."""

    def __init__(self, writer: Writer, sheet: str) -> None:
        self.writer, self.sheet = writer, sheet[:LONGEST_NAME]
        self.open: dict[int, Merged] = {}

    def write(self, row: int, cells: Mapping[int, str], spans: Mapping[int, int]) -> None:
        """Write a row from its cells by column, when anything is in it.

        `spans` tells the last rows of the cells that are merged with those below; what these show
        stands beside each of their rows, as people read it.
        """
        filled = {column: text for column, text in cells.items() if text.strip()}
        if not filled:
            return
        # Looked through for what makes text only: a file may have a million empty rows.
        self.open = {column: merged for column, merged in self.open.items() if merged.last >= row}
        shown = {column: merged.text for column, merged in self.open.items()} | filled
        columns = sorted(shown)
        at = (self.sheet, row, columns[0], columns[-1])
        self.writer.write_row(spread(shown, columns), at=at)
        for column, last in spans.items():
            text = filled.get(column, "")
            if last > row and 0 < len(text) <= LONGEST_REPEATED:
                self.open[column] = Merged(last, text)


def spread(shown: Mapping[int, str], columns: list[int]) -> list[str]:
    """The cells from the first column on, with gaps that are not too wide."""
    cells: list[str] = []
    before = 0
    for column in columns:
        cells += [""] * min(column - 1 - before, MOST_EMPTY)
        cells.append(shown[column])
        before = column
    return cells


def merged_below(stream: IO[bytes]) -> dict[tuple[int, int], int]:
    """The last rows of cells of an Excel sheet that are merged with those below, by row and column.

    They stand behind all rows, so the part is searched before it is read. One that is damaged is
    told by its reader.
    """
    found: dict[tuple[int, int], int] = {}
    rest = b""
    try:
        while (block := stream.read(BLOCK)) and len(found) < MOST_MERGED:
            text = rest + block
            for column, first, last in MERGED.findall(text):
                if int(last) > int(first):
                    found[int(first), column_of(column.decode())] = int(last)
            rest = text[-LONGEST_TAG:]
    except (zlib.error, EOFError, OSError, ValueError):
        return found
    return found


def column_of(reference: str) -> int:
    """The number of a column from 1, of `B7`; 0 when it cannot be told."""
    column = 0
    for place, letter in enumerate(reference.upper()):
        if not "A" <= letter <= "Z" or place >= LONGEST_REFERENCE:
            break
        column = column * 26 + ord(letter) - ord("A") + 1
    return column


def row_number(text: str | None, before: int) -> int:
    """The number of a row, which may be left out when it follows the one before."""
    number = whole(text)
    is_told = number is not None and before < number <= MOST_ROWS
    return number if number is not None and is_told else min(before + 1, MOST_ROWS)
