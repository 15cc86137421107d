"""Files that were put into texts and slides, as far as they are read with these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.office.writing import Lines, write_lines
from ingestion.parsing.sniffing import kind_of
from ingestion.parsing.types import Extract, ParseFailed

if TYPE_CHECKING:
    from collections.abc import Collection

    from ingestion.parsing.kinds import Kind
    from ingestion.parsing.office.package import Package

# Of none of these the files in it are read, so nothing nests.
CHUNKS = (kinds.HTML, kinds.MHTML, kinds.TEXT, kinds.RTF)
SHEETS = (kinds.XLSX, kinds.XLSB, kinds.XLS)
LARGEST = 40_000_000


def read_embedded(package: Package, part: str, wanted: Collection[Kind]) -> Extract:
    """What a file within a file says.

    Nothing of other kinds, of what cannot be read, and of files that were read before; raises
    `ParseFailed` when its part of the package is damaged.
    """
    if not package.is_new(part):
        return Extract("")
    data = package.read(part, LARGEST)
    try:
        kind = kind_of(data, part)
        return kinds.readers[kind.mime](data, kind.mime) if kind in wanted else Extract("")
    except ParseFailed:
        return Extract("")


def sheet_lines(package: Package, part: str) -> list[str]:
    """What an embedded spreadsheet shows, line by line, several sheets below their names."""
    found, lines = read_embedded(package, part, SHEETS), Lines()
    write_lines(lines, found.text, found.headings)
    return lines.lines[1:] if len(found.headings) == 1 else lines.lines
