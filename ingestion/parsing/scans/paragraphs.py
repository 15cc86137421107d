"""Paragraphs and headings of recognised lines, told by where these stand."""

from __future__ import annotations

import itertools
import re
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingestion.parsing.scans.lines import Line, begins_within, blank, mirrored

if TYPE_CHECKING:
    from collections.abc import Sequence

# Lengths that follow are multiples of the height of small letters, half of an em.
INDENT = 1.0
BLANK = 0.6
# Between the lines of a text that is spaced out.
FARTHEST = 5.5
# Of the least distance between lines of a block: what is farther begins a paragraph.
FARTHER = 1.3
SAME_SIZE = 1.2
# Of the height of most letters. Capitals and digits alone are taken for large small letters.
LARGER = 1.18
LARGEST = 1.6
CAPITALS = 1.5
# Letters: lines that hold more are wrapped prose, not names and streets.
WIDE = 45
LONGEST_HEADING = 120
# A sign or a label has no headings.
ENOUGH_FOR_HEADINGS = 150
# Of the lines of a narrow column: in prose as many begin in the middle of a sentence.
WITHIN_SENTENCES = 0.25
LONGEST_MARK = 4
# Of the width of a column: a line that reaches so far may go on in the next one.
MOST_OF_WIDTH = 0.6

ITEM = re.compile(r"(?:[•·▪◦‣*+»–—-]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,8})[.)]|[§$]{1,4})(?=\s)")  # noqa: RUF001
SENTENCE_END = re.compile(r"[.!?:;…。！？]['\"”»)\]]*$")  # noqa: RUF001 -- of other scripts
HYPHENED = re.compile(r"[^\W\d_]-$")


@dataclass(frozen=True, slots=True)
class Column:
    """What the lines of a block have in common."""

    left: float
    right: float
    distance: float
    is_prose: bool


def columns_of(lines: Sequence[Line]) -> dict[int, Column]:
    """The column that each block of lines is, by its number."""
    blocks: dict[int, list[Line]] = {}
    for line in mirrored(lines):
        blocks.setdefault(line.block, []).append(line)
    return {number: column_of(block) for number, block in blocks.items()}


def column_of(lines: Sequence[Line]) -> Column:
    """The column that the lines of one block make."""
    distances = [
        below.baseline - line.baseline
        for line, below in itertools.pairwise(lines)
        if below.baseline - line.baseline > line.size
    ]
    within = [begins_within(line.text) for line in lines[1:]]
    return Column(
        min(line.left for line in lines),
        max(line.right for line in lines),
        min(distances, default=0.0),
        is_prose=sum(within) > len(within) * WITHIN_SENTENCES,
    )


def gaps_of(lines: Sequence[Line]) -> list[str]:
    """What stands before each line: a blank or nothing where it goes on with the one before.

    After a hyphen it is a line end, which whoever mends divided words looks at.
    """
    columns, seen = columns_of(lines), mirrored(lines)
    return ["", *(gap_between(one, two, columns) for one, two in itertools.pairwise(seen))]


def gap_between(line: Line, below: Line, columns: dict[int, Column]) -> str:
    """What stands between two lines that follow each other."""
    one, two = columns[line.block], columns[below.block]
    if goes_on(line, below, one, two):
        before, after = line.words[-1], below.words[0]
        if HYPHENED.search(before):
            return "\n" if after[0].islower() else ""
        return blank(before, after)
    is_near = line.block == below.block and is_next(line, below, one)
    is_like = is_same_size(line, below) and not is_indented(line, below)
    return "\n" if is_near and is_like else "\n\n"


def goes_on(line: Line, below: Line, column: Column, next_column: Column) -> bool:
    """Whether a paragraph goes on with the next line."""
    if not is_same_size(line, below):
        return False
    has_ended = bool(SENTENCE_END.search(line.words[-1]))
    if ITEM.match(below.text) and (has_ended or not is_full(line, below, column)):
        return False
    is_within = begins_within(below.text) and not has_ended
    if line.block != below.block and not is_next(line, below, column):
        # The top of the next column, or what stands beside.
        return is_within and is_long(line, column) and is_long_block(column, next_column)
    if not is_next(line, below, column) or is_indented(line, below):
        return False
    if is_within and (is_long(line, column) or HYPHENED.search(line.words[-1])):
        return True
    is_wrapped = column.is_prose or len("".join(line.words)) > WIDE
    return is_wrapped and is_full(line, below, column)


def is_same_size(line: Line, other: Line) -> bool:
    """Whether two lines have about equally large letters."""
    return 1 / SAME_SIZE < line.size / other.size < SAME_SIZE


def is_next(line: Line, below: Line, column: Column) -> bool:
    """Whether a line is right below another."""
    distance = below.baseline - line.baseline
    usual = column.distance or FARTHEST * line.size
    return line.size < distance <= min(usual * FARTHER, FARTHEST * line.size) and min(
        line.right, below.right
    ) > max(line.left, below.left)


def is_indented(line: Line, below: Line) -> bool:
    """Whether a line begins further in than the one above, and not below the words of an item."""
    if below.left - line.left <= INDENT * line.size:
        return False
    # The mark of an item may be taken for any letter.
    is_marked = len(line.words) > 1 and len(line.words[0]) <= LONGEST_MARK
    return not (is_marked and abs(below.left - line.boxes[1].left) < INDENT * line.size)


def is_full(line: Line, below: Line, column: Column) -> bool:
    """Whether the next word had no room in a line; one with wide gaps is a row of something."""
    if len(line.cells()) > 1:
        return False
    word = below.boxes[0]
    return line.right + BLANK * line.size + word.right - word.left > column.right


def is_long(line: Line, column: Column) -> bool:
    """Whether a line reaches over most of its column."""
    width = column.right - column.left
    return len(line.cells()) == 1 and line.right - column.left > width * MOST_OF_WIDTH


def is_long_block(column: Column, other: Column) -> bool:
    """Whether two columns are about as wide, or lines of one could be of the other."""
    widths = sorted((column.right - column.left, other.right - other.left))
    return widths[0] > widths[1] * MOST_OF_WIDTH


def body_size(lines: Sequence[Line]) -> float:
    """The size of most letters; 0 when there are too few to tell."""
    letters = sum(line.letters for line in lines)
    return usual_size(lines) if letters >= ENOUGH_FOR_HEADINGS else 0.0


def usual_size(lines: Sequence[Line]) -> float:
    """The size of the letter in the middle of all, of which there has to be one."""
    return statistics.median(line.size for line in lines for _ in range(line.letters))


def heading_level(text: str, size: float, body: float) -> int:
    """The level of a heading, which has larger letters than the rest; 0 when it is none."""
    if not body or len(text) > LONGEST_HEADING or text.endswith((",", ";")):
        return 0
    least = LARGER if any(map(str.islower, text)) else CAPITALS
    if size < body * least or sum(map(str.isalpha, text)) * 2 < len(text):
        return 0
    return 1 if size >= body * LARGEST else 2
