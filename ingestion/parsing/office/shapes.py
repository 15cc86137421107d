"""The shapes of a slide: their paragraphs and tables, in reading order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingestion.parsing.office.drawings import drawing_lines
from ingestion.parsing.office.elements import Alternatives, Walk, unescaped, whole
from ingestion.parsing.office.embedded_files import sheet_lines

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes, Ends, Starts
    from ingestion.parsing.office.package import Package
    from ingestion.parsing.office.writing import Writer

SKIPPED = frozenset({"p:extLst", "a:extLst", "p:timing", "p:transition"})
TITLES = {"title", "ctrTitle"}
# The number of a slide is known without it being written there.
NUMBERS = frozenset({"sldNum"})
AROUND = frozenset({"dt", "ftr", "hdr"})
DEEPEST = 8


@dataclass(slots=True)
class Block:
    """A shape or a row of a table."""

    lines: list[str] = field(default_factory=list)
    cells: list[str] | None = None
    placeholder: str = ""


class Shapes:
    """The text of one slide, or of its page of notes."""

    def __init__(self, package: Package, part: str, *, without: frozenset[str] = NUMBERS) -> None:
        self.package, self.part, self.without = package, part, without
        self.targets = {one.id: one.target for one in package.relations(part)}
        self.title = ""
        self.blocks: list[Block] = []
        self.pictures: list[str] = []
        self.shape = Block()
        self.pieces: list[str] = []
        self.prefix = ""
        self.depth = self.number = 0
        self.is_text = False
        self.cells: list[str] = []
        self.alternatives = Alternatives(lambda: self.walk.skip())  # noqa: PLW0108 -- there is none yet
        self.walk = Walk(self.starts(), self.ends(), self.take, skipped=SKIPPED)

    def read(self) -> None:
        """Walk through the part."""
        self.walk.through(self.package.open(self.part))

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing below the title but what stands on every slide."""
        return all(block.placeholder in AROUND for block in self.blocks)

    def write_to(self, writer: Writer) -> None:
        """Write what was read, without the title."""
        is_row = False
        for block in self.blocks:
            if block.cells is None or not is_row:
                writer.set_apart()
            is_row = block.cells is not None
            if block.cells is not None:
                writer.write_row(block.cells)
            for line in block.lines:
                writer.write(line, close=True)

    def starts(self) -> Starts:
        """What to call where elements begin."""
        return {
            "p:sp": self.start_shape,
            "p:ph": self.take_placeholder,
            "a:p": self.start_paragraph,
            "a:pPr": self.take_depth,
            "a:buChar": self.take_bullet,
            "a:buAutoNum": self.take_number,
            "a:t": self.start_text,
            "m:t": self.start_text,
            "a:br": lambda _: self.pieces.append("\n"),
            "a:fld": self.start_field,
            "a:tr": self.start_row,
            "a:tc": self.start_cell,
            "c:chart": self.take_drawing,
            "?:chart": self.take_drawing,
            "dgm:relIds": self.take_drawing,
            "p:oleObj": self.take_sheet,
            "a:blip": self.take_picture,
            **self.alternatives.starts(),
        }

    def ends(self) -> Ends:
        """What to call where they end."""
        return {
            "p:sp": self.end_shape,
            "a:p": self.end_paragraph,
            "a:t": self.end_text,
            "m:t": self.end_text,
            "a:tr": self.end_row,
            "a:tc": self.end_cell,
            **self.alternatives.ends(),
        }

    def take(self, text: str) -> None:
        """Keep characters when they are text."""
        if self.is_text:
            self.pieces.append(text)

    def start_text(self, attributes: Attributes) -> None:
        """Characters follow."""
        self.is_text = True

    def end_text(self) -> None:
        """They end."""
        self.is_text = False

    def start_field(self, attributes: Attributes) -> None:
        """A field; the number of the slide is left out."""
        if attributes.get("type") == "slidenum":
            self.walk.skip()

    def start_shape(self, attributes: Attributes) -> None:
        """A shape begins."""
        self.shape = Block()
        self.number = 0

    def take_placeholder(self, attributes: Attributes) -> None:
        """What the shape is for."""
        self.shape.placeholder = attributes.get("type", "body")

    def end_shape(self) -> None:
        """Keep a shape that says something."""
        shape, self.shape = self.shape, Block()
        if not shape.lines or shape.placeholder in self.without:
            return
        if shape.placeholder in TITLES and not self.title:
            self.title = " ".join(" ".join(shape.lines).split())
        else:
            self.blocks.append(shape)

    def start_paragraph(self, attributes: Attributes) -> None:
        """A paragraph begins."""
        self.pieces, self.prefix, self.depth = [], "", 0

    def take_depth(self, attributes: Attributes) -> None:
        """Its depth in the list."""
        self.depth = min(whole(attributes.get("lvl")) or 0, DEEPEST)

    def take_bullet(self, attributes: Attributes) -> None:
        """It is a point of a list."""
        self.prefix = "- "

    def take_number(self, attributes: Attributes) -> None:
        """It is a numbered point, the next one or the first."""
        self.number = max(self.number + 1, whole(attributes.get("startAt")) or 1)
        self.prefix = f"{self.number}. "

    def end_paragraph(self) -> None:
        """Keep a paragraph that says something."""
        text = unescaped("".join(self.pieces)).strip()
        self.pieces = []
        if text:
            indent = "  " * self.depth if self.prefix else ""
            self.shape.lines.append(f"{indent}{self.prefix}{text}")

    def start_row(self, attributes: Attributes) -> None:
        """A row of a table begins."""
        self.cells = []

    def start_cell(self, attributes: Attributes) -> None:
        """A cell begins."""
        self.shape = Block()

    def end_cell(self) -> None:
        """Keep the cell for its row."""
        self.cells.append(" ".join(self.shape.lines))
        self.shape = Block()

    def end_row(self) -> None:
        """Keep a row."""
        self.blocks.append(Block(cells=self.cells))

    def take_picture(self, attributes: Attributes) -> None:
        """A picture; what it says counts where there is no text."""
        self.pictures.append(self.targets.get(attributes.get("r:embed", ""), ""))

    def take_sheet(self, attributes: Attributes) -> None:
        """A file that another program made; of spreadsheets, what they show."""
        part = self.targets.get(attributes.get("r:id", ""), "")
        if lines := sheet_lines(self.package, part):
            self.blocks.append(Block(lines))

    def take_drawing(self, attributes: Attributes) -> None:
        """A chart or a diagram, which is a part of its own."""
        target = self.targets.get(attributes.get("r:id") or attributes.get("r:dm") or "", "")
        if lines := drawing_lines(self.package, target):
            self.blocks.append(Block(lines))
