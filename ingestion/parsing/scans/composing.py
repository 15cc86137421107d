"""The text of recognised lines, and its words in the same order."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from ingestion.parsing.letters import Box, Word, letters_of
from ingestion.parsing.scans.lines import Line
from ingestion.parsing.scans.paragraphs import body_size, gaps_of, heading_level
from ingestion.parsing.scans.rows import Row, with_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def compose_lines(lines: Sequence[Line], size: tuple[int, int]) -> tuple[str, list[Word]]:
    """The text of lines, and its words with shares of a picture of a size as boxes."""
    parts = with_rows(lines)
    return text_of(parts, body_size(lines)), list(words_of(parts, size))


def text_of(parts: Sequence[Line | Row], body: float) -> str:
    """Paragraphs, headings as Markdown has them, and rows of tables between bars."""
    blocks: list[str] = []
    for is_row, group in itertools.groupby(parts, key=lambda part: isinstance(part, Row)):
        if is_row:
            blocks.append("\n".join(part.text for part in group))
        else:
            prose = [part for part in group if isinstance(part, Line)]
            blocks.extend(paragraphs_of(prose, body))
    return "\n\n".join(blocks)


def paragraphs_of(lines: Sequence[Line], body: float) -> Iterator[str]:
    """The paragraphs of lines between two tables."""
    text, sizes = "", [0.0]
    for gap, line in zip(gaps_of(lines), lines, strict=True):
        if gap == "\n\n":
            yield marked(text, min(sizes), body)
        goes_on = gap != "\n\n" and bool(text)
        text = text + gap + line.text if goes_on else line.text
        sizes = [*sizes, line.size] if goes_on else [line.size]
    yield marked(text, min(sizes), body)


def marked(text: str, size: float, body: float) -> str:
    """A paragraph, after the mark of a heading when it is one."""
    level = heading_level(text, size, body)
    return f"{'#' * level} {' '.join(text.split())}" if level else text


def words_of(parts: Sequence[Line | Row], size: tuple[int, int]) -> Iterator[Word]:
    """The words in the order of the text."""
    for part in parts:
        lines = itertools.chain.from_iterable(part.cells) if isinstance(part, Row) else [part]
        for line in lines:
            for word, box in zip(line.words, line.boxes, strict=True):
                yield Word(len(letters_of(word)), share_of(box, size))


def share_of(box: Box, size: tuple[int, int]) -> Box:
    """A box of points as shares of a picture."""
    width, height = size
    return Box(box.left / width, box.top / height, box.right / width, box.bottom / height)
