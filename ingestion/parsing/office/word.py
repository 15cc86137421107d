"""Word files: the text as it is read on paper, with its notes, comments and running heads."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.office.counting import as_roman
from ingestion.parsing.office.elements import Enough
from ingestion.parsing.office.flat_package import package_of
from ingestion.parsing.office.pictures import is_silent, write_pictures
from ingestion.parsing.office.word_notes import read_comments, read_notes
from ingestion.parsing.office.word_numbering import Numbering
from ingestion.parsing.office.word_story import Story
from ingestion.parsing.office.word_styles import Style, Styles
from ingestion.parsing.office.writing import Lines, Writer

if TYPE_CHECKING:
    from typing import IO

    from ingestion.parsing.office.package import Package
    from ingestion.parsing.types import Extract


@kinds.reads(kinds.DOCX)
def read_word(data: bytes, mime: str) -> Extract:
    """A Word file; what was deleted or is hidden is left out."""
    package = package_of(data)
    return Manuscript(package).extract(package.title())


class Manuscript:
    """A Word file with what its parts have in common."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.body = package.main_part()
        self.parts = [(one.kind, one.target) for one in package.relations(self.body)]
        self.styles = Styles(self.opened("styles"))
        self.numbering = Numbering(self.opened("numbering"))
        self.resolved: dict[str, Style] = {}
        self.footnote_numbers, self.endnote_numbers = count(1), count(1)
        self.footnotes: dict[str, str] = {}
        self.endnotes: dict[str, str] = {}
        self.comments: dict[str, str] = {}

    def extract(self, title: str) -> Extract:
        """What is read of it, until that is enough."""
        writer = Writer()
        with suppress(Enough):
            self.write_to(writer)
        return writer.extract(title)

    def write_to(self, writer: Writer) -> None:
        """Write everything: the text with its notes, then what stands around it on every page."""
        for part in self.named("footnotes"):
            self.footnotes |= read_notes(self, part)
        for part in self.named("endnotes"):
            self.endnotes |= read_notes(self, part)
        for part in self.named("comments"):
            self.comments |= read_comments(self, part)
        self.write_body(Story(self, self.body, writer), writer)
        margins = Lines()
        for part in (*self.named("header"), *self.named("footer")):
            Story(self, part, margins).read()
        writer.write_margins(margins.lines)

    def write_body(self, story: Story, writer: Writer) -> None:
        """Write the text, or what its pictures say where it is hardly any."""
        story.read()
        if story.pictures and is_silent(writer):
            write_pictures(self.package, story.pictures, writer)

    def named(self, kind: str) -> list[str]:
        """The parts of a kind that the text refers to and that are there."""
        return [
            part
            for one, part in dict.fromkeys(self.parts)
            if one == kind and self.package.holds(part)
        ]

    def opened(self, kind: str) -> IO[bytes] | None:
        """The first part of a kind."""
        parts = self.named(kind)
        return self.package.open(parts[0]) if parts else None

    def style(self, style_id: str) -> Style:
        """What holds for paragraphs of a style."""
        if style_id not in self.resolved:
            self.resolved[style_id] = self.styles.resolved(style_id)
        return self.resolved[style_id]

    def next_footnote(self) -> str:
        """The number of the next footnote."""
        return str(next(self.footnote_numbers))

    def next_endnote(self) -> str:
        """The number of the next endnote, which is Roman in Word."""
        return as_roman(next(self.endnote_numbers))
