"""Word's XML files of 2003 (WordprocessingML): what they have otherwise than later files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.office.flat_package import FlatPackage, Slices
from ingestion.parsing.office.package import Relation
from ingestion.parsing.office.pictures import WrittenOut
from ingestion.parsing.office.word import Manuscript
from ingestion.parsing.office.word_story import Story
from ingestion.parsing.office.writing import Lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingestion.parsing.office.elements import Attributes, Ends, Starts
    from ingestion.parsing.office.writing import Sink, Writer
    from ingestion.parsing.types import Extract

BODY, STYLES, LISTS, PROPERTIES = "body", "styles", "lists", "DocumentProperties"
INSERTED, DELETED, COMMENT = "Word.Insertion", "Word.Deletion", "Word.Comment"


@kinds.reads(kinds.WORD_XML)
def read_word_xml(data: bytes, mime: str) -> Extract:
    """A Word file; what was deleted or is hidden is left out."""
    package = XmlPackage(data)
    return XmlManuscript(package).extract(package.title(PROPERTIES, "o:Title"))


class DocumentSlices(Slices):
    """What a document consists of, each by the name of its element."""

    depth_of_parts = 2

    def start_part(self, tag: str) -> None:
        """A part begins."""
        super().start_part(tag)
        self.name = tag.rpartition(" ")[2]


class XmlPackage(FlatPackage):
    """A file as if its text, styles and lists were parts."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data, DocumentSlices)

    def main_part(self) -> str:
        """The text."""
        return BODY

    def relations(self, source: str = "") -> list[Relation]:
        """From the text to styles and lists."""
        return [Relation("", "styles", STYLES), Relation("", "numbering", LISTS)]


class XmlManuscript(Manuscript):
    """A Word file whose notes, comments and running heads stand within its text."""

    def write_to(self, writer: Writer) -> None:
        """Write the text with its notes, then what stands around it on every page."""
        story = XmlStory(self, self.body, writer)
        self.write_body(story, writer)
        writer.write_margins(story.margins.lines)


class XmlStory(Story):
    """The text of such a file."""

    def __init__(self, manuscript: Manuscript, part: str, sink: Sink) -> None:
        self.margins = Lines()
        # The authors of comments, and nothing for what was inserted.
        self.annotations: list[str | None] = []
        self.picture = WrittenOut(self.keep_picture)
        super().__init__(manuscript, part, sink)

    def starts(self) -> Starts:
        """What to call where elements begin."""
        return {
            **super().starts(),
            "aml:annotation": self.start_annotation,
            "w:footnote": self.start_note,
            "w:endnote": self.start_note,
            "w:hdr": self.start_margin,
            "w:ftr": self.start_margin,
            "w:binData": self.picture.start,
        }

    def ends(self) -> Ends:
        """What to call where they end."""
        return {
            **super().ends(),
            "aml:annotation": self.end_annotation,
            "w:footnote": lambda: self.end_note(self.manuscript.next_footnote),
            "w:endnote": lambda: self.end_note(self.manuscript.next_endnote),
            "w:hdr": self.end_margin,
            "w:ftr": self.end_margin,
            "w:binData": self.picture.end,
        }

    def take(self, text: str) -> None:
        """Keep characters when they are text, or a picture in base64."""
        if not self.picture.take(text):
            super().take(text)

    def keep_picture(self, data: bytes) -> None:
        """A picture that was written out."""
        self.pictures.append(data)

    def start_annotation(self, attributes: Attributes) -> None:
        """What was inserted, deleted or remarked; of earlier formats nothing is shown."""
        kind = attributes.get("w:type")
        if kind == INSERTED:
            self.annotations.append(None)
        elif kind == COMMENT:
            self.annotations.append(" ".join(attributes.get("aml:author", "").split()))
            self.open_sink(Lines())
        elif kind == DELETED:
            self.skip_removed(attributes)
        else:
            self.walk.skip()

    def end_annotation(self) -> None:
        """Keep a comment for below."""
        author = self.annotations.pop()
        if author is not None and (text := self.closed_line()):
            self.notes.append(f"[Comment, {author}: {text}]" if author else f"[Comment: {text}]")

    def start_note(self, attributes: Attributes) -> None:
        """The text of a note follows."""
        self.open_sink(Lines())

    def end_note(self, next_number: Callable[[], str]) -> None:
        """Put its number here, its text below."""
        if (text := self.closed_line()) and not self.hidden[-1]:
            self.refer(next_number(), text)

    def closed_line(self) -> str:
        """What was written to a place of its own, as one line."""
        self.write_carried()
        sink = self.sinks.pop()
        return sink.as_line() if isinstance(sink, Lines) else ""

    def start_margin(self, attributes: Attributes) -> None:
        """What stands above or below the text of every page."""
        self.open_sink(self.margins)

    def end_margin(self) -> None:
        """It ends."""
        self.write_carried()
        self.sinks.pop()
