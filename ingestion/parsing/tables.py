"""Tables in a text, so that a row far down is found by the names of its columns."""

from __future__ import annotations

import bisect
import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BAR = "|"
LONGEST_HEADER = 200
FEWEST_COLUMNS = 2
SEPARATORS = ",;\t|"
HEAD = 4096
# Lines of a single cell above the names of columns.
MOST_TITLES = 5
# What spreadsheets write for rows that have formats and no values.
BLANK_ROW = re.compile(r"^(?:[ \t\"]*+[,;|\t])[ \t\",;|]*+(?:\n|\Z)", re.M)
# A line for Excel alone, which it does not show.
HINT = re.compile(r"\A\"?sep=[,;|\t]\"?(?:\n|\Z)", re.I)
NUMBER = re.compile(r"[\s\d.,:%/+-]+")


@dataclass(frozen=True, slots=True)
class Table:
    """Where the rows of a table are, and the names of its columns."""

    start: int
    end: int
    header: str


def tables_of(text: str) -> list[Table]:
    """The tables whose rows are lines between bars, with their first row as header.

    Titles above it, in a single cell, are none of its rows.
    """
    found: list[Table] = []
    if BAR not in text:
        return found
    rows: list[tuple[int, str]] = []
    offset = 0
    for line in [*text.split("\n"), ""]:
        if line.startswith(BAR):
            rows.append((offset, line))
        elif rows:
            found += table_of_rows(rows, offset)
            rows = []
        offset += len(line) + 1
    return found


def table_of_rows(rows: Sequence[tuple[int, str]], end: int) -> list[Table]:
    """Some rows, each with its offset, as one table; none without the names of columns."""
    for start, line in rows[: MOST_TITLES + 1]:
        cells = line.strip(BAR + " ").split(BAR)
        if is_title(cells):
            continue
        header = header_of(cells)
        return [Table(start, end, header)] if header else []
    return []


def table_of_values(text: str) -> list[Table]:
    """A text of separated values as one table; none when its first line names no columns.

    Titles above it, in a single cell, are none of its lines.
    """
    start = 0
    for line in text[:HEAD].split("\n")[: MOST_TITLES + 1]:
        separator = max(SEPARATORS, key=line.count)
        try:
            cells = next(csv.reader([line], delimiter=separator), [])
        except csv.Error:
            return []
        if not is_title(cells):
            header = header_of(cells)
            return [Table(start, len(text), header)] if header else []
        start += len(line) + 1
    return []


def is_title(cells: Sequence[str]) -> bool:
    """Whether a row is a line above a table and no row of it: empty but for one cell."""
    return sum(bool(cell.strip()) for cell in cells) <= 1


def without_blank_rows(text: str) -> str:
    """A text of separated values without the rows in which there is none to be seen."""
    return BLANK_ROW.sub("", HINT.sub("", text))


def header_of(cells: Sequence[str]) -> str:
    """The names of columns; empty when they are numbers, or too few."""
    names = [cell.strip() for cell in cells if cell.strip()]
    if len(names) < FEWEST_COLUMNS or any(NUMBER.fullmatch(name) for name in names):
        return ""
    return " | ".join(names)[:LONGEST_HEADER]


def header_at(tables: Sequence[Table], place: int) -> str:
    """The names of the columns of a row that is not the first one; empty outside of tables."""
    number = bisect.bisect_left(tables, place, key=lambda table: table.start) - 1
    table = tables[number] if number >= 0 else None
    return table.header if table is not None and place < table.end else ""
