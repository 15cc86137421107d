"""Walking through the content of an OpenDocument file."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingestion.parsing.office.blank_rows import with_blank_rows_joined
from ingestion.parsing.office.counting import BULLET
from ingestion.parsing.office.elements import Walk, whole
from ingestion.parsing.office.open_lists import Lists
from ingestion.parsing.office.open_objects import DRAWN, Chart, formula_in
from ingestion.parsing.office.pictures import WrittenOut
from ingestion.parsing.office.writing import Lines
from ingestion.parsing.types import ParseFailed

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes, Ends, Starts
    from ingestion.parsing.office.package import Package
    from ingestion.parsing.office.pictures import Picture
    from ingestion.parsing.office.writing import Sink

# Deleted text, forms, scripts, recipes of indexes, descriptions of pictures, readings.
SKIPPED = frozenset(
    {
        "text:tracked-changes",
        "table:tracked-changes",
        "office:forms",
        "office:scripts",
        "office:event-listeners",
        "text:table-of-content-source",
        "text:alphabetical-index-source",
        "text:bibliography-source",
        "text:illustration-index-source",
        "text:object-index-source",
        "text:table-index-source",
        "text:user-index-source",
        "text:hidden-text",
        "text:ruby-text",
        "svg:title",
        "svg:desc",
        "dc:date",
        "meta:date-string",
        "meta:creator-initials",
    }
).union(DRAWN)
SPACES = re.compile(r"[ \t\n]++")
MOST_SPACES = 100
# As many columns as a sheet can have, and as many empty ones as are shown in a row.
MOST_CELLS = 16_384
MOST_EMPTY = 50
DEEPEST_NESTING = 30


@dataclass(slots=True)
class Paragraph:
    """A paragraph while it is read, and where it will be written."""

    sink: Sink
    level: int = 0
    pieces: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)


class Prose:
    """A part of an OpenDocument file, written to a sink paragraph by paragraph."""

    # Where all parts are in one file, only the content is read.
    skipped = SKIPPED | {"office:meta", "office:master-styles"}

    def __init__(
        self, sink: Sink, lists: Lists | None = None, *, package: Package | None = None
    ) -> None:
        self.lists = lists or Lists()
        # Where charts and sheets within this part are; without one they are left out.
        self.package = package
        self.objects: list[Chart | str] = []
        self.replaced: set[str] = set()
        self.sinks: list[Sink] = [sink]
        self.paragraphs: list[Paragraph] = []
        # Cells with how often each stands there; thousands of empty ones are common.
        self.rows: list[list[tuple[str, int]]] = []
        self.repeats: list[tuple[int, str]] = []
        self.row_repeats: list[int] = []
        self.notes: list[str] = []
        self.hidden: set[str] = set()
        self.pictures: list[Picture] = []
        self.picture = WrittenOut(self.keep_picture)
        self.style = self.creator = ""
        self.label_at = 0
        self.note_label = ""
        self.walk = Walk(self.starts(), self.ends(), self.take, skipped=self.skipped)

    def starts(self) -> Starts:
        """What to call where elements begin."""
        return {
            "style:style": self.start_style,
            "style:text-properties": self.take_properties,
            **self.lists.starts(),
            "text:p": self.start_paragraph,
            "text:h": self.start_heading,
            "text:span": self.start_span,
            "text:section": self.start_section,
            "text:s": self.take_spaces,
            "draw:object": self.take_object,
            "office:chart": self.start_chart,
            "draw:image": self.take_picture,
            "office:binary-data": self.picture.start,
            "text:tab": lambda _: self.add("\t"),
            "text:line-break": lambda _: self.add("\n"),
            "text:note-citation": self.start_citation,
            "text:note-body": self.start_note,
            "office:annotation": self.start_comment,
            "dc:creator": self.start_creator,
            "text:list": self.lists.start_list,
            "text:list-item": self.lists.start_item,
            "table:table": self.start_table,
            "table:table-row": self.start_row,
            "table:table-cell": self.start_cell,
            "table:covered-table-cell": self.start_cell,
        }

    def ends(self) -> Ends:
        """What to call where they end."""
        return {
            "text:p": self.end_paragraph,
            "text:h": self.end_paragraph,
            "office:binary-data": self.picture.end,
            "text:note-citation": self.end_citation,
            "text:note-body": self.end_note,
            "office:annotation": self.end_comment,
            "dc:creator": self.end_creator,
            "text:list": self.lists.end_list,
            "table:table": self.end_table,
            "table:table-row": self.end_row,
            "table:table-cell": self.end_cell,
            "table:covered-table-cell": self.end_cell,
        }

    def take(self, text: str) -> None:
        """Keep characters of a paragraph; blanks of any kind and number are one."""
        if not self.picture.take(text) and self.paragraphs:
            self.add(SPACES.sub(" ", text))

    def add(self, text: str) -> None:
        """Add to the paragraph that is read."""
        if self.paragraphs:
            self.paragraphs[-1].pieces.append(text)

    def take_object(self, attributes: Attributes) -> None:
        """A formula is part of its paragraph; charts and sheets are written below theirs."""
        if target := attributes.get("xlink:href"):
            name = posixpath.normpath(target)
            self.replaced.add(f"ObjectReplacements/{name}")
            part = f"{name}/content.xml"
            formula = formula_in(self.package, part) if self.paragraphs else ""
            if formula:
                self.add(formula)
            else:
                self.objects.append(part)

    def start_chart(self, attributes: Attributes) -> None:
        """A chart, which is read in its own way until it ends."""
        walk, chart = self.walk, Chart()
        own = walk.starts, walk.ends, walk.tell_text

        def end() -> None:
            walk.starts, walk.ends, walk.tell_text = own
            self.objects.append(chart)

        walk.starts, walk.ends = chart.starts(), {**chart.ends(), "office:chart": end}
        walk.tell_text = chart.take

    def write_objects(self) -> None:
        """Write the charts and sheets gathered, unless this is inside of a table or a note."""
        if len(self.sinks) == 1:
            objects, self.objects = self.objects, []
            for one in objects:
                self.write_object(one)

    def write_object(self, found: Chart | str) -> None:
        """Write the names in a chart, or what a part says, without the parts within it."""
        sink = self.sinks[0]
        sink.set_apart()
        if isinstance(found, Chart):
            for line in found.lines:
                sink.write(line, close=True)
        elif formula := formula_in(self.package, found):
            sink.write(formula)
        elif self.package and self.package.is_new(found):
            inner = Prose(sink)
            inner.walk.through(with_blank_rows_joined(self.package.open(found)))
            inner.write_objects()
        sink.set_apart()

    def take_picture(self, attributes: Attributes) -> None:
        """A picture, unless it is one of an object; what it says counts where there is no text."""
        part = posixpath.normpath(attributes.get("xlink:href", ""))
        if part not in self.replaced:
            self.pictures.append(part)

    def keep_picture(self, data: bytes) -> None:
        """A file that was written out, of a picture most likely."""
        self.pictures.append(data)

    def take_spaces(self, attributes: Attributes) -> None:
        """Several blanks that are meant."""
        count = whole(attributes.get("text:c")) or 1
        self.add(" " * min(count, MOST_SPACES))

    def start_style(self, attributes: Attributes) -> None:
        """A style begins."""
        self.style = attributes.get("style:name", "")

    def take_properties(self, attributes: Attributes) -> None:
        """Whether it hides its text."""
        if attributes.get("text:display") == "none":
            self.hidden.add(self.style)

    def start_span(self, attributes: Attributes) -> None:
        """Leave out what its style hides."""
        if attributes.get("text:style-name") in self.hidden:
            self.walk.skip()

    def start_section(self, attributes: Attributes) -> None:
        """Leave out a hidden section."""
        if attributes.get("text:display") == "none":
            self.walk.skip()

    def start_paragraph(self, attributes: Attributes) -> None:
        """A paragraph begins; also within another, in a box that hangs at it."""
        if attributes.get("text:style-name") in self.hidden:
            self.walk.skip()
        else:
            self.paragraphs.append(Paragraph(self.sinks[-1], self.default_level()))

    def default_level(self) -> int:
        """The level of paragraphs that are no headings by themselves."""
        return 0

    def start_heading(self, attributes: Attributes) -> None:
        """A heading begins."""
        level = whole(attributes.get("text:outline-level")) or 1
        self.paragraphs.append(Paragraph(self.sinks[-1], level))

    def end_paragraph(self) -> None:
        """Write a paragraph, what hangs at it, and its notes."""
        paragraph = self.paragraphs.pop()
        text = "".join(paragraph.pieces).strip(" \n")
        sink = self.sinks[-1]
        if self.paragraphs and self.paragraphs[-1].sink is sink:
            self.paragraphs[-1].boxes += [text, *paragraph.boxes]
            return
        self.write_paragraph(text, paragraph.level, sink)
        for line in paragraph.boxes:
            sink.write(line)
        self.write_notes()
        self.write_objects()

    def write_paragraph(self, text: str, level: int, sink: Sink) -> None:
        """Write a paragraph as heading, item of a list or text."""
        if not text.strip():
            return
        label = self.lists.take_label()
        if level:
            sink.write_heading(text if label in {"", BULLET} else f"{label} {text}", level)
        elif label:
            depth = min(len(self.lists.open), DEEPEST_NESTING) - 1
            sink.write(f"{'  ' * depth}{label} {text}", close=True)
        else:
            sink.write(text)

    def start_citation(self, attributes: Attributes) -> None:
        """The mark of a note follows."""
        self.add("[^")
        self.label_at = len(self.paragraphs[-1].pieces) if self.paragraphs else 0

    def end_citation(self) -> None:
        """Keep the mark for the note."""
        if self.paragraphs:
            self.note_label = "".join(self.paragraphs[-1].pieces[self.label_at :]).strip()
        self.add("]")

    def start_note(self, attributes: Attributes) -> None:
        """The text of a note follows."""
        self.open_sink()

    def end_note(self) -> None:
        """Keep the note for below."""
        self.notes.append(f"[^{self.note_label}]: {self.closed_line()}")

    def start_comment(self, attributes: Attributes) -> None:
        """A comment follows."""
        self.creator = ""
        self.open_sink()

    def start_creator(self, attributes: Attributes) -> None:
        """The name of somebody follows, which is no text of the paragraph around it."""
        self.paragraphs.append(Paragraph(Lines()))

    def end_creator(self) -> None:
        """Keep the name."""
        self.creator = " ".join("".join(self.paragraphs.pop().pieces).split())

    def end_comment(self) -> None:
        """Keep the comment for below."""
        if line := self.closed_line():
            by = f", {self.creator}" if self.creator else ""
            self.notes.append(f"[Comment{by}: {line}]")

    def open_sink(self) -> None:
        """Write what follows somewhere of its own; raises `ParseFailed` when it is too deep."""
        if len(self.sinks) > DEEPEST_NESTING:
            raise ParseFailed("damaged_file", "The tables of the file are nested too deeply.")
        self.sinks.append(Lines())

    def closed_line(self) -> str:
        """What was written there, as one line."""
        sink = self.sinks.pop()
        return sink.as_line() if isinstance(sink, Lines) else ""

    def write_notes(self) -> None:
        """Write the notes gathered, unless this is inside of a table or a note."""
        if len(self.sinks) == 1:
            for note in self.notes:
                self.sinks[0].write(note, close=True)
            self.notes.clear()

    def start_table(self, attributes: Attributes) -> None:
        """A table begins."""
        self.sinks[-1].set_apart()

    def end_table(self) -> None:
        """Write the notes of a table below it."""
        self.sinks[-1].set_apart()
        self.write_notes()
        self.write_objects()

    def start_row(self, attributes: Attributes) -> None:
        """A row begins."""
        self.rows.append([])
        self.row_repeats.append(whole(attributes.get("table:number-rows-repeated")) or 1)

    def start_cell(self, attributes: Attributes) -> None:
        """A cell begins; what it shows is text, its value counts when it shows nothing."""
        count = whole(attributes.get("table:number-columns-repeated")) or 1
        value = attributes.get("office:string-value") or attributes.get("office:value") or ""
        self.repeats.append((count, value))
        self.open_sink()

    def end_cell(self) -> None:
        """Add the cell to its row."""
        count, value = self.repeats.pop()
        text = self.closed_line() or value
        if self.rows:
            self.rows[-1].append((text, count))

    def end_row(self) -> None:
        """Write a row, as often as it stands there."""
        cells = expanded(self.rows.pop())
        count = self.row_repeats.pop()
        if any(cells):
            for _ in range(count):
                self.sinks[-1].write_row(cells)


def expanded(row: list[tuple[str, int]]) -> list[str]:
    """All cells of a row, as many as a sheet can have."""
    cells: list[str] = []
    for text, count in row:
        most = MOST_CELLS - len(cells) if text else MOST_EMPTY
        cells += [text] * min(count, most)
    return cells
