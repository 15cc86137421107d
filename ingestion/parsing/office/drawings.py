"""The text of charts, diagrams and comments of slides, which are parts of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.parsing.office.elements import Walk

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes
    from ingestion.parsing.office.package import Package

# Titles stand in paragraphs; names of series and categories in caches of cells.
CACHES = ("c:tx", "c:cat")


def drawing_lines(package: Package, part: str) -> list[str]:
    """What a chart, a diagram or a part of comments says, each line once."""
    return DrawingReader().read(package, part)


class Names:
    """Gathers lines of a drawing, each once, from characters where these are text."""

    def __init__(self) -> None:
        self.lines: dict[str, None] = {}
        self.pieces: list[str] = []
        self.is_text = False

    def end_line(self) -> None:
        """Keep what was gathered."""
        self.is_text = False
        if line := " ".join("".join(self.pieces).split()):
            self.lines[line] = None
        self.pieces.clear()

    def take(self, text: str) -> None:
        """Keep characters that are shown."""
        if self.is_text:
            self.pieces.append(text)


class DrawingReader(Names):
    """Gathers the paragraphs and cached names of one drawing."""

    def __init__(self) -> None:
        super().__init__()
        self.caches = 0

    def read(self, package: Package, part: str) -> list[str]:
        """The lines of a part; none when it is missing, or was read before."""
        if not package.is_new(part):
            return []
        starts = {
            "a:t": self.start_text,
            "p:text": self.start_text,
            "a:br": lambda _: self.pieces.append(" "),
            "c:v": self.start_value,
        } | dict.fromkeys(CACHES, self.start_cache)
        ends = {
            "a:t": self.end_text,
            "p:text": self.end_line,
            "a:p": self.end_line,
            "c:v": self.end_line,
        } | dict.fromkeys(CACHES, self.end_cache)
        Walk(starts, ends, self.take).through(package.open(part))
        return list(self.lines)

    def start_text(self, attributes: Attributes) -> None:
        """Characters of a paragraph follow."""
        self.is_text = True

    def end_text(self) -> None:
        """They end."""
        self.is_text = False

    def start_cache(self, attributes: Attributes) -> None:
        """Names follow."""
        self.caches += 1

    def end_cache(self) -> None:
        """They end."""
        self.caches -= 1

    def start_value(self, attributes: Attributes) -> None:
        """A value follows; numbers of a series are no text."""
        self.is_text = self.caches > 0
