"""Tables of recognised lines: what stands side by side, as rows between bars."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingestion.parsing.scans.lines import Line, begins_within, mirrored
from ingestion.parsing.tables import NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Multiples of the height of small letters: how far rows may be apart, and baselines of one row.
ROW_DISTANCE = 10.0
SAME_ROW = 0.8
# Within a cell, and how far the cells of a line may stand from the edge of those above.
LINE_DISTANCE = 3.4
EDGE = 1.0
# Of the distance of lines in a cell: rows that are farther apart show where each ends.
FARTHER = 1.15
FEWEST_ROWS = 3
FEWEST_COLUMNS = 2
# Words of a cell, on the average. Columns of prose have more in each line.
MOST_WORDS = 4.0
CURRENCY = str.maketrans("", "", "€$£%CHFEURUSD")
HALF = 0.5


@dataclass(slots=True)
class Cell:
    """Words of one column and row; `number` is that of the line they are of."""

    number: int
    line: Line
    seen: Line


@dataclass(slots=True)
class Row:
    """What stands side by side in a table, from its first column on."""

    cells: list[list[Line]]

    @property
    def text(self) -> str:
        """The row between bars."""
        cells = (" ".join(line.text for line in cell) for cell in self.cells)
        return f"| {' | '.join(cells)} |"


def with_rows(lines: Sequence[Line]) -> list[Line | Row]:
    """The lines, with the rows of each table where its first line stood."""
    found: dict[int, list[Row]] = {}
    taken: set[int] = set()
    for run in runs_of(bands_of(lines)):
        numbers = {cell.number for band in run for cell in band}
        if rows := rows_of(run):
            found[min(numbers)] = rows
            taken |= numbers
    return [
        one
        for number, line in enumerate(lines)
        for one in (found.get(number, []) if number in taken else [line])
    ]


def bands_of(lines: Sequence[Line]) -> list[list[Cell]]:
    """What stands at one height, in the order of reading, from the top."""
    cells = [
        Cell(number, cell, seen)
        for number, (line, turned) in enumerate(zip(lines, mirrored(lines), strict=True))
        for cell, seen in zip(line.cells(), turned.cells(), strict=True)
    ]
    bands: list[list[Cell]] = []
    for cell in sorted(cells, key=lambda cell: cell.line.baseline):
        last = bands[-1][-1].line if bands else None
        if last and cell.line.baseline - last.baseline < SAME_ROW * last.size:
            bands[-1].append(cell)
        else:
            bands.append([cell])
    return [sorted(band, key=lambda cell: cell.seen.left) for band in bands]


def runs_of(bands: Sequence[list[Cell]]) -> Iterator[list[list[Cell]]]:
    """Bands of several cells that follow each other closely, with the lines of wrapped cells."""
    run: list[list[Cell]] = []
    for number, band in enumerate(bands):
        below = bands[number + 1] if number + 1 < len(bands) else None
        if run and is_wrapped(band, run[-1], below):
            run[-1] += band
            continue
        near = run and distance(run[-1], band) < ROW_DISTANCE * band[0].line.size
        if run and not (near and len(band) >= FEWEST_COLUMNS):
            yield run
            run = []
        if len(band) >= FEWEST_COLUMNS:
            run.append(band)
    if run:
        yield run


def distance(band: Sequence[Cell], below: Sequence[Cell]) -> float:
    """How far the last line of a band is from the next one."""
    return below[0].line.baseline - max(cell.line.baseline for cell in band)


def is_wrapped(band: Sequence[Cell], row: Sequence[Cell], below: Sequence[Cell] | None) -> bool:
    """Whether a band is the next line of cells of the row above it, and no row of its own.

    It has words below the edges of few of the cells. Below the first one a row or a heading may
    begin, too: there a small letter tells, or that the next row is farther away.
    """
    size, gap = band[0].line.size, distance(row, band)
    top = min(cell.line.baseline for cell in row)
    first_line = [cell for cell in row if cell.line.baseline - top < SAME_ROW * size]
    if gap > LINE_DISTANCE * size or len(band) * 2 > len(first_line):
        return False
    if any(is_amount(cell.line.text) for cell in band):
        return False
    edges = [cell.seen.left for cell in first_line]
    if any(min(abs(cell.seen.left - edge) for edge in edges) > EDGE * size for cell in band):
        return False
    if band[0].seen.left > min(edges) + EDGE * size:
        return True
    is_apart = below is not None and distance(band, below) > FARTHER * gap
    return is_apart or begins_within(band[0].line.text)


def rows_of(run: Sequence[list[Cell]]) -> list[Row]:
    """The rows of a table; none when what stands side by side is none."""
    if len(run) < FEWEST_ROWS:
        return []
    columns = columns_of(run)
    cells = [cell for band in run for cell in band]
    if statistics.mean(len(cell.line.words) for cell in cells) > MOST_WORDS:
        return []
    rows = merged(
        [
            [[cell.line for cell in band if overlaps(cell, column)] for column in columns]
            for band in run
        ]
    )
    filled = sum(bool(cell) for row in rows for cell in row.cells)
    if len(rows[0].cells) < FEWEST_COLUMNS or filled < len(rows) * len(rows[0].cells) * HALF:
        return []
    # Two columns of words may be two addresses.
    return rows if len(rows[0].cells) > FEWEST_COLUMNS or has_numbers(rows) else []


def columns_of(run: Sequence[list[Cell]]) -> list[tuple[float, float]]:
    """The stretches that cells cover, from one side to the other."""
    columns: list[tuple[float, float]] = []
    for left, right in sorted((cell.seen.left, cell.seen.right) for band in run for cell in band):
        if columns and left < columns[-1][1]:
            columns[-1] = (columns[-1][0], max(columns[-1][1], right))
        else:
            columns.append((left, right))
    return columns


def merged(rows: Sequence[list[list[Line]]]) -> list[Row]:
    """Rows whose neighbouring columns are one when no row has both: a name above its numbers."""
    columns: list[list[list[Line]]] = []
    for column in map(list, zip(*rows, strict=True)):
        if columns and not any(map(all, zip(columns[-1], column, strict=True))):
            columns[-1] = [one + two for one, two in zip(columns[-1], column, strict=True)]
        else:
            columns.append(column)
    return [Row(list(cells)) for cells in zip(*columns, strict=True)]


def overlaps(cell: Cell, column: tuple[float, float]) -> bool:
    """Whether a cell is of a column."""
    return column[0] <= cell.seen.left <= column[1]


def has_numbers(rows: Sequence[Row]) -> bool:
    """Whether most cells of a column below its name are amounts."""
    return any(
        sum(is_amount(" ".join(line.text for line in cell)) for cell in column) > len(column) * HALF
        for column in zip(*(row.cells for row in rows[1:]), strict=True)
    )


def is_amount(text: str) -> bool:
    """Whether a cell holds a number, of money too."""
    return bool(NUMBER.fullmatch(text.translate(CURRENCY)))
