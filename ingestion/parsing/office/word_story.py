"""Walking through the text of a Word file: paragraphs, tables, text boxes, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.parsing.office.counting import BULLET
from ingestion.parsing.office.drawings import drawing_lines
from ingestion.parsing.office.elements import whole
from ingestion.parsing.office.embedded_files import CHUNKS, read_embedded, sheet_lines
from ingestion.parsing.office.word_runs import Paragraph, Runs
from ingestion.parsing.office.word_styles import outline_level
from ingestion.parsing.office.writing import Lines, write_block, write_lines
from ingestion.parsing.types import ParseFailed

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes, Ends, Starts
    from ingestion.parsing.office.pictures import Picture
    from ingestion.parsing.office.word import Manuscript
    from ingestion.parsing.office.writing import Sink

DEEPEST_NESTING = 30
# More columns no table of Word has.
MOST_COLUMNS = 63


class Cell(Lines):
    """A cell of a table, as wide as one column or several."""

    columns = 1

    def in_columns(self) -> list[str]:
        """What stands in each of them: the text in the first one."""
        return [self.as_line(), *[""] * (self.columns - 1)]


class Story(Runs):
    """One part of a manuscript, written to a sink paragraph by paragraph."""

    def __init__(self, manuscript: Manuscript, part: str, sink: Sink) -> None:
        self.manuscript = manuscript
        self.part = part
        self.targets = {one.id: one.target for one in manuscript.package.relations(part)}
        self.sinks: list[Sink] = [sink]
        self.carried: list[str] = []
        self.rows: list[list[Cell]] = []
        self.notes: list[str] = []
        self.pictures: list[Picture] = []
        super().__init__()

    def read(self) -> None:
        """Walk through the part."""
        self.walk.through(self.manuscript.package.open(self.part))
        self.write_carried()

    def starts(self) -> Starts:
        """What to call where elements begin."""
        return {
            "w:p": self.start_paragraph,
            "w:pStyle": self.take_style,
            "w:outlineLvl": self.take_outline,
            "w:numId": self.take_number,
            "w:ilfo": self.take_number,
            "w:ilvl": self.take_depth,
            "w:tbl": self.start_table,
            "w:tr": self.start_row,
            "w:gridBefore": self.take_indent,
            "w:tc": self.start_cell,
            "w:gridSpan": self.take_columns,
            "w:txbxContent": self.start_box,
            "w:footnoteReference": self.take_footnote,
            "w:endnoteReference": self.take_endnote,
            "w:commentReference": self.take_comment,
            "w:altChunk": self.take_chunk,
            "c:chart": self.take_drawing,
            "dgm:relIds": self.take_drawing,
            "o:OLEObject": self.take_sheet,
            "a:blip": self.take_picture,
            "?:imagedata": self.take_picture,
            **super().starts(),
        }

    def ends(self) -> Ends:
        """What to call where they end."""
        return {
            "w:p": self.end_paragraph,
            "w:tbl": self.end_table,
            "w:tr": self.end_row,
            "w:tc": self.end_cell,
            "w:txbxContent": self.end_box,
            **super().ends(),
        }

    def take_chunk(self, attributes: Attributes) -> None:
        """Write what another file in this one says, as programs put web pages in."""
        part = self.targets.get(attributes.get("r:id", ""), "")
        found = read_embedded(self.manuscript.package, part, CHUNKS)
        write_lines(self.sinks[-1], found.text, found.headings)

    def take_picture(self, attributes: Attributes) -> None:
        """A picture; what it says counts where there is no text."""
        part = self.targets.get(attributes.get("r:embed") or attributes.get("r:id") or "")
        if part and not self.hidden[-1]:
            self.pictures.append(part)

    def start_paragraph(self, attributes: Attributes) -> None:
        """A paragraph begins, perhaps in a box that hangs at another."""
        self.paragraphs.append(Paragraph(self.carried))
        self.carried = []

    def take_style(self, attributes: Attributes) -> None:
        """Its style."""
        self.paragraphs[-1].style = attributes.get("w:val", "")

    def take_outline(self, attributes: Attributes) -> None:
        """Its level in the outline."""
        self.paragraphs[-1].outline = outline_level(attributes)

    def take_number(self, attributes: Attributes) -> None:
        """Its list."""
        self.paragraphs[-1].number = attributes.get("w:val")

    def take_depth(self, attributes: Attributes) -> None:
        """Its depth in the list."""
        self.paragraphs[-1].depth = whole(attributes.get("w:val"))

    def end_paragraph(self) -> None:
        """Write a paragraph, what hangs at it, and its notes."""
        paragraph = self.paragraphs.pop()
        self.fields.end_paragraph()
        if paragraph.goes_on:
            self.carried = paragraph.pieces
        else:
            self.write_paragraph(paragraph)
        for line in paragraph.boxes.lines:
            self.sinks[-1].write(line)
        for lines in paragraph.sheets:
            write_block(self.sinks[-1], lines)
        self.write_notes()

    def write_carried(self) -> None:
        """Write a paragraph whose end was deleted when there is none for it to go on in."""
        if self.carried:
            paragraph, self.carried = Paragraph(self.carried), []
            self.write_paragraph(paragraph)

    def write_paragraph(self, paragraph: Paragraph) -> None:
        """Write a paragraph as heading, item of a list or text."""
        text = "".join(paragraph.pieces)
        style = self.manuscript.style(paragraph.style)
        number = style.number if paragraph.number is None else paragraph.number
        depth = (style.depth if paragraph.depth is None else paragraph.depth) or 0
        level = style.outline if paragraph.outline is None else paragraph.outline
        label = self.manuscript.numbering.next_label(number, depth) if number else ""
        if not text.strip():
            return
        if level:
            title = text if label in {"", BULLET} else f"{label} {text}"
            self.sinks[-1].write_heading(title, level)
        elif label:
            self.sinks[-1].write(f"{'  ' * depth}{label} {text.strip()}", close=True)
        else:
            self.sinks[-1].write(text.strip(" \n"))

    def start_table(self, attributes: Attributes) -> None:
        """A table begins."""
        self.write_carried()
        self.sinks[-1].set_apart()

    def start_row(self, attributes: Attributes) -> None:
        """A row begins."""
        self.rows.append([])

    def take_indent(self, attributes: Attributes) -> None:
        """A row that begins some columns later than others."""
        if self.rows:
            self.rows[-1].append(cell := Cell())
            cell.columns = columns_of(attributes)

    def start_cell(self, attributes: Attributes) -> None:
        """A cell begins."""
        self.open_sink(Cell())

    def take_columns(self, attributes: Attributes) -> None:
        """Over how many columns the cell goes."""
        if isinstance(cell := self.sinks[-1], Cell):
            cell.columns = columns_of(attributes)

    def end_cell(self) -> None:
        """A cell ends."""
        self.write_carried()
        cell = self.sinks.pop()
        if self.rows and isinstance(cell, Cell):
            self.rows[-1].append(cell)

    def end_row(self) -> None:
        """Write a row; one of a single cell is a frame around paragraphs."""
        cells = self.rows.pop()
        if len(cells) == 1:
            for line in cells[0].lines:
                self.sinks[-1].write(line)
        else:
            self.sinks[-1].write_row([text for cell in cells for text in cell.in_columns()])

    def end_table(self) -> None:
        """Write the notes of a table below it."""
        self.sinks[-1].set_apart()
        self.write_notes()

    def start_box(self, attributes: Attributes) -> None:
        """A text box begins, within a paragraph."""
        self.open_sink(Lines())

    def end_box(self) -> None:
        """Hang what it holds at the paragraph."""
        self.write_carried()
        box = self.sinks.pop()
        if isinstance(box, Lines):
            self.paragraphs[-1].boxes.lines += box.lines

    def open_sink(self, sink: Lines) -> None:
        """Write what follows somewhere of its own; raises `ParseFailed` when it is too deep."""
        if len(self.sinks) > DEEPEST_NESTING:
            raise ParseFailed("damaged_file", "The tables of the file are nested too deeply.")
        self.sinks.append(sink)

    def take_drawing(self, attributes: Attributes) -> None:
        """A chart or a diagram hangs at the paragraph."""
        target = self.targets.get(attributes.get("r:id") or attributes.get("r:dm") or "", "")
        self.paragraphs[-1].boxes.lines += drawing_lines(self.manuscript.package, target)

    def take_sheet(self, attributes: Attributes) -> None:
        """A file that another program made; spreadsheets hang at the paragraph."""
        part = self.targets.get(attributes.get("r:id", ""), "")
        if not self.hidden[-1] and (lines := sheet_lines(self.manuscript.package, part)):
            self.paragraphs[-1].sheets.append(lines)

    def take_footnote(self, attributes: Attributes) -> None:
        """Put the number of a footnote here, its text below; each is shown once."""
        text = self.manuscript.footnotes.pop(attributes.get("w:id", ""), "")
        if text and not self.hidden[-1]:
            self.refer(self.manuscript.next_footnote(), text)

    def take_endnote(self, attributes: Attributes) -> None:
        """Put the number of an endnote here, its text below."""
        text = self.manuscript.endnotes.pop(attributes.get("w:id", ""), "")
        if text and not self.hidden[-1]:
            self.refer(self.manuscript.next_endnote(), text)

    def refer(self, mark: str, text: str) -> None:
        """Add a mark and what it stands for."""
        self.add(f"[^{mark}]")
        self.notes.append(f"[^{mark}]: {text}")

    def take_comment(self, attributes: Attributes) -> None:
        """Put a comment below the paragraph."""
        if text := self.manuscript.comments.pop(attributes.get("w:id", ""), ""):
            self.notes.append(text)

    def write_notes(self) -> None:
        """Write the notes gathered, unless this is inside of a table or a box."""
        if len(self.sinks) == 1:
            for note in self.notes:
                self.sinks[0].write(note, close=True)
            self.notes.clear()


def columns_of(attributes: Attributes) -> int:
    """How many columns a property of a table counts."""
    return min(max(whole(attributes.get("w:val")) or 1, 1), MOST_COLUMNS)
