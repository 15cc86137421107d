"""Excel files from before 2007."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import xlrd

from ingestion.parsing import kinds
from ingestion.parsing.office.cells import BOOLEANS
from ingestion.parsing.office.elements import Enough
from ingestion.parsing.office.number_formats import LOCAL, Format, built_in, format_of
from ingestion.parsing.office.sheet_rows import MOST_MERGED, SheetRows
from ingestion.parsing.office.sheets import SHIFT_1904
from ingestion.parsing.office.writing import TITLE_LEVEL, Writer
from ingestion.parsing.types import ParseFailed
from ingestion.parsing.unpacking import ENCRYPTED

if TYPE_CHECKING:
    from ingestion.parsing.types import Extract


@kinds.reads(kinds.XLS)
def read_old_sheets(data: bytes, mime: str) -> Extract:
    """A spreadsheet, sheet by sheet, as its cells show it."""
    writer = Writer()
    with suppress(Enough):
        write_book(opened(data), writer)
    return writer.extract("")


def opened(data: bytes) -> xlrd.Book:
    """The workbook; raises `ParseFailed` in words for people."""
    try:
        return xlrd.open_workbook(
            file_contents=data, formatting_info=True, ragged_rows=True, logfile=io.StringIO()
        )
    except xlrd.XLRDError as error:
        if "encrypt" in str(error).lower():
            raise ENCRYPTED.failure() from error
        raise ParseFailed("damaged_file", "The file is damaged or was cut off.") from error
    except MemoryError:
        raise
    except Exception as error:  # the library meets damage in many ways
        raise ParseFailed("damaged_file", "The file is damaged or was cut off.") from error


def write_book(book: xlrd.Book, writer: Writer) -> None:
    """Write the sheets with their comments."""
    shift = SHIFT_1904 if book.datemode else 0
    formats = [format_in(book, style.format_key) for style in book.xf_list]
    for sheet in book.sheets():
        writer.write_heading(sheet.name, TITLE_LEVEL)
        writer.set_apart()
        rows, merged = SheetRows(writer, sheet.name), merged_in(sheet)
        for number in range(sheet.nrows):
            texts = [shown(cell, formats, shift) for cell in sheet.row(number)]
            rows.write(number + 1, dict(enumerate(texts, start=1)), merged.get(number + 1, {}))
        for (row, column), note in sheet.cell_note_map.items():
            words = " ".join(note.text.split())
            writer.write(f"[Comment, {xlrd.cellname(row, column)}: {words}]", close=True)


def format_in(book: xlrd.Book, key: int) -> Format:
    """A number format; one that depends on the language of the program is not the file's."""
    found = book.format_map.get(key)
    return built_in(key) if found is None or key in LOCAL else format_of(found.format_str)


def shown(cell: Any, formats: list[Format], shift: int) -> str:
    """What a cell shows."""
    has_format = cell.xf_index is not None and 0 <= cell.xf_index < len(formats)
    style = formats[cell.xf_index] if has_format else built_in(0)
    if cell.ctype in {xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE}:
        return style.shown(cell.value, shift)
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return style.shown_text(cell.value)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return BOOLEANS[str(int(cell.value))]
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#N/A"))
    return ""


def merged_in(sheet: xlrd.sheet.Sheet) -> dict[int, dict[int, int]]:
    """Of each row, the last rows of its cells that are merged with those below, by column."""
    found: dict[int, dict[int, int]] = {}
    for top, bottom, left, _ in sheet.merged_cells[:MOST_MERGED]:
        if bottom - top > 1:
            found.setdefault(top + 1, {})[left + 1] = bottom
    return found
