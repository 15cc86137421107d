"""Word files from before 2007: the text with its tables, headings, notes and comments."""

from __future__ import annotations

import itertools
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.extracting import configuration, extract, title_of
from ingestion.parsing.office.counting import BULLET, as_roman
from ingestion.parsing.office.elements import Enough
from ingestion.parsing.office.old_word_file import (
    COMMENT_PLACES,
    COMMENTS,
    ENDNOTE_PLACES,
    ENDNOTES,
    NOTE_PLACES,
    NOTES,
    NOTHING,
    Format,
    WordFile,
    read_word_file,
)
from ingestion.parsing.office.writing import Writer
from ingestion.parsing.types import Extract, ParseFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

PARAGRAPH = re.compile("[^\r\x07\x0c]*[\r\x07\x0c]|[^\r\x07\x0c]+\\Z")
CELL_END = "\x07"
SHOWN = str.maketrans(
    {
        "\x0b": "\n",
        "\x1e": "-",
        "\xa0": " ",
        **dict.fromkeys("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0c\x0d\x0e\x13\x14\x15\x1f"),
    }
)


@kinds.reads(kinds.DOC)
def read_old_word(data: bytes, mime: str) -> Extract:
    """A Word file; what was deleted or is hidden is left out. Older ones have text only."""
    try:
        found = read_word_file(data)
    except (ParseFailed, MemoryError):
        raise
    except Exception:  # noqa: BLE001 -- damage has many faces, and another reader may see past it
        found = None
    if found is None:
        plain = extract(data, mime, configuration(form="plain"))
        return Extract(str(plain.content), title_of(plain))
    writer = Writer()
    with suppress(Enough):
        OldStory(found, writer).write()
    return writer.extract(found.title)


class OldStory:
    """The stories of a file, written one after the other."""

    def __init__(self, file: WordFile, writer: Writer) -> None:
        self.file, self.writer = file, writer
        # Lines of the open cell, and the cells of the open row, of a table and of one inside.
        self.lines: list[str] = []
        self.cells: list[str] = []
        self.inner_cells: list[str] = []
        self.above: list[str] = []
        self.notes = dict(self.marks())

    def marks(self) -> Iterator[tuple[int, tuple[str, str]]]:
        """The notes and comments by the place of their mark: what is put there, and below."""
        first, footnotes, margins, macros, comments, *_ = self.file.lengths
        places, after_margins = self.file.places, first + footnotes + margins + macros
        for kind, texts, story, label in (
            (NOTE_PLACES, NOTES, first, str),
            (ENDNOTE_PLACES, ENDNOTES, after_margins + comments, as_roman),
        ):
            for number, (place, text) in enumerate(
                zip(places[kind], self.texts(texts, story), strict=False), 1
            ):
                mark = f"[^{label(number)}]"
                yield place, (mark, f"{mark}: {text}")
        remarks = self.texts(COMMENTS, after_margins)
        for place, text, author in zip(
            places[COMMENT_PLACES], remarks, self.file.comment_authors, strict=False
        ):
            yield place, ("", f"[Comment, {author}: {text}]" if author else f"[Comment: {text}]")

    def texts(self, number: int, story: int) -> Iterator[str]:
        """The texts of notes of one kind, whose story begins at a place."""
        starts = self.file.places[number]
        for start, end in itertools.pairwise(starts):
            yield " ".join(shown(self.file.text[story + start : story + end], "\n").split())

    def write(self) -> None:
        """Write the text, what stands in boxes, and what stands around each page."""
        main, footnotes, margins, macros, comments, endnotes, boxes, _ = self.file.lengths
        self.write_story(0, main)
        start = main + footnotes + margins + macros + comments + endnotes
        self.write_story(start, start + boxes)
        around = self.file.text[main + footnotes : main + footnotes + margins]
        self.writer.write_margins([shown(line).strip() for line in around.split("\r")])

    def write_story(self, start: int, end: int) -> None:
        """Write the paragraphs and tables of a stretch of the text."""
        for found in PARAGRAPH.finditer(self.file.text, start, end):
            self.take(found.group(), found.start(), self.file.format_at(found.end() - 1))
        self.end_row(Format())

    def take(self, paragraph: str, start: int, form: Format) -> None:
        """Write a paragraph, or add it to its cell."""
        marks = {
            place - start: self.notes[place]
            for place in range(start, start + len(paragraph))
            if place in self.notes
        }
        text = shown(with_marks(paragraph, marks)).strip("\n")
        number, depth = form.list_number, form.list_depth
        label = self.file.numbering.next_label(number, depth) if number else ""
        below = [note for _, note in marks.values()]
        is_cell = paragraph.endswith(CELL_END)
        if form.depth or is_cell:
            if form.ends_row:
                self.end_row(form)
            else:
                words = " ".join(filter(None, [label if text else "", text, *below]))
                self.add_to_cell(words, form, is_last=is_cell)
            return
        self.end_row(form)
        self.above = []
        self.write_paragraph(text, label, form)
        for note in below:
            self.writer.write(note, close=True)

    def write_paragraph(self, text: str, label: str, form: Format) -> None:
        """Write a heading, an item of a list or text."""
        if not text.strip():
            return
        if form.heading:
            title = text if label in {"", BULLET} else f"{label} {text}"
            self.writer.write_heading(title, form.heading)
        elif label:
            self.writer.write(f"{'  ' * form.list_depth}{label} {text.strip()}", close=True)
        else:
            self.writer.write(text)

    def add_to_cell(self, text: str, form: Format, *, is_last: bool) -> None:
        """Add a paragraph to the open cell; a row of a table inside is one line of it."""
        if form.ends_inner_row:
            self.lines.append(" | ".join(filter(None, self.inner_cells)))
            self.inner_cells = []
        elif form.ends_inner_cell:
            self.inner_cells.append(text)
        else:
            self.lines.append(text)
        if is_last:
            self.cells.append(" ".join(self.lines))
            self.lines = []

    def end_row(self, form: Format) -> None:
        """Write the open row; cells that are merged with those above have their text."""
        if self.lines:
            self.cells.append(" ".join(self.lines))
        cells = [
            self.above[number] if number in form.continued and number < len(self.above) else cell
            for number, cell in enumerate(self.cells)
        ]
        if cells and not self.above:
            self.writer.set_apart()
        self.writer.write_row(cells)
        self.above = cells or self.above
        self.lines, self.cells, self.inner_cells = [], [], []


def with_marks(paragraph: str, marks: dict[int, tuple[str, str]]) -> str:
    """A paragraph with the marks of notes where they stand."""
    if not marks:
        return paragraph
    return "".join(marks[at][0] if at in marks else sign for at, sign in enumerate(paragraph))


def shown(text: str, end: str = "") -> str:
    """Text as it is seen: surrogates as one, ends of paragraphs as `end`."""
    text = text.replace("\r", end) if end else text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace(NOTHING, "").translate(SHOWN)
