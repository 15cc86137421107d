"""Drawings (SVG): their words, without the markup and the lines."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from ingestion.parsing.office.elements import Enough, Walk
from ingestion.parsing.types import LONGEST_TEXT, Extract, ParseFailed
from ingestion.parsing.webpage import bare_text

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes

DECLARATION = re.compile(r"\A\s*+<\?xml\b[^>]*+>")
# What may stand before the root; entities are declared by Adobe's programs.
ROOT = re.compile(
    r"\A\s*+(?:<\?[^>]*+>\s*+|<!--.*?-->\s*+"
    r"|<!DOCTYPE\s++(?:[\w-]++:)?svg\b[^\[>]*+(?:\[[^\]]*+\]\s*+)?+>\s*+)*+<(?:[\w-]++:)?svg[\s/>]",
    re.I | re.S,
)
TEXTS = ("svg:text", "svg:title", "svg:desc", "svg:flowRoot", "svg:foreignObject")
# In web pages within a drawing, as labels of diagrams are.
BLOCKS = ("html:div", "html:p", "html:br", "html:li", "html:tr", "svg:flowPara")
SILENT = frozenset({"svg:style", "svg:script", "svg:metadata", "html:style", "html:script"})
NO_MOVE = {"", "0"}


def is_drawing(text: str) -> bool:
    """Whether an XML file is a drawing."""
    return bool(ROOT.match(text))


def read_drawing(text: str) -> Extract:
    """What is written in a drawing, a line each, with its title and descriptions."""
    reader = DrawingWords()
    try:
        reader.read(DECLARATION.sub("", text))
    except ParseFailed:
        return Extract(bare_text(text))
    return Extract("\n".join(reader.lines), reader.title)


class DrawingWords:
    """Gathers the lines of a drawing."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.title = ""
        self.pieces: list[str] = []
        self.length = self.depth = 0
        # Where the line stands that is written.
        self.height = ""
        # Of each choice between several ways to show the same, whether one is taken.
        self.choices: list[bool] = []
        starts = {
            **dict.fromkeys(TEXTS, self.start_text),
            **dict.fromkeys(BLOCKS, lambda _: self.end_line()),
            "svg:tspan": self.start_span,
            "svg:switch": lambda _: self.choices.append(False),
            "svg:foreignObject": self.start_page,
            "svg:text": self.start_drawn_text,
        }
        ends = {
            **dict.fromkeys(TEXTS, self.end_text),
            **dict.fromkeys(BLOCKS, self.end_line),
            "svg:title": self.end_title,
            "svg:switch": self.end_choice,
        }
        self.walk = Walk(starts, ends, self.take, skipped=SILENT)
        # Drawings within pages were saved without the name of their format.
        bare = (name for name in (*starts, *SILENT) if name.startswith("svg:"))
        self.walk.names.update({name.removeprefix("svg:"): name for name in bare})
        # What entities may become is bounded by the parser, and none is fetched.
        self.walk.parser.EntityDeclHandler = None
        self.walk.parser.AttlistDeclHandler = None
        self.walk.parser.ElementDeclHandler = None

    def read(self, text: str) -> None:
        """Gather the lines; raises `ParseFailed` when the drawing is damaged."""
        data = text.encode(errors="replace")
        with suppress(Enough):
            # At once: a tag that blocks divide is read anew with each, and a path may be megabytes.
            self.walk.through(io.BytesIO(data), block_size=len(data))

    def take(self, text: str) -> None:
        """Keep characters when they are text."""
        if self.depth:
            self.pieces.append(text)

    def start_text(self, attributes: Attributes) -> None:
        """A text begins on a line of its own."""
        self.end_line()
        self.depth += 1
        self.height = attributes.get("y", "")

    def start_drawn_text(self, attributes: Attributes) -> None:
        """A text begins, unless another way to show it was taken."""
        if self.choices and self.choices[-1]:
            self.walk.skip()
        else:
            self.start_text(attributes)

    def end_choice(self) -> None:
        """No more ways."""
        if self.choices:
            self.choices.pop()

    def start_page(self, attributes: Attributes) -> None:
        """A piece of a web page begins, which is preferred to a text for old programs."""
        if self.choices:
            self.choices[-1] = True
        self.start_text(attributes)

    def start_span(self, attributes: Attributes) -> None:
        """A piece of a text begins, on a line of its own when it stands lower."""
        height = attributes.get("y", self.height)
        if height != self.height or attributes.get("dy", "") not in NO_MOVE:
            self.end_line()
        self.height = height

    def end_text(self) -> None:
        """It ends."""
        self.end_line()
        self.depth -= 1

    def end_title(self) -> None:
        """A title ends; the first is that of the drawing."""
        count = len(self.lines)
        self.end_text()
        if not self.title:
            self.title = " ".join(self.lines[count:])

    def end_line(self) -> None:
        """Keep a line; what is drawn twice, as a shadow is, is one."""
        line = " ".join("".join(self.pieces).split())
        self.pieces.clear()
        if line and line not in self.lines[-1:]:
            self.lines.append(line)
            self.length += len(line) + 1
        if self.length > LONGEST_TEXT:
            raise Enough
