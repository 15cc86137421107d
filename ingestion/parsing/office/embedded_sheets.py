"""Spreadsheets that were put into texts and slides: what their cells show, below that place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.sniffing import kind_of
from ingestion.parsing.types import Extract, ParseFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.parsing.office.package import Package

# None of them is read for files in it, so nothing nests.
SHEETS = (kinds.XLSX, kinds.XLSB, kinds.XLS)
LARGEST = 40_000_000


def sheet_lines(package: Package, part: str) -> list[str]:
    """What an embedded spreadsheet shows, line by line, several sheets below their names.

    Nothing of other files, of damaged ones, and of those that were read before.
    """
    if not package.is_new(part):
        return []
    try:
        data = package.read(part, LARGEST)
        kind = kind_of(data, part)
        found = kinds.readers[kind.mime](data, kind.mime) if kind in SHEETS else Extract("")
    except ParseFailed:
        return []
    return list(lines_of(found))


def lines_of(found: Extract) -> Iterator[str]:
    """The lines of a spreadsheet, without the name of the only sheet."""
    names = {heading.offset: heading.title for heading in found.headings}
    offset = 0
    for line in found.text.split("\n"):
        name = names.get(offset)
        offset += len(line) + 1
        if name is None and line.strip():
            yield line
        elif name is not None and len(names) > 1:
            yield name
