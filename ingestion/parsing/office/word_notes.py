"""Footnotes, endnotes and comments of Word, by their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.parsing.office.word_story import Story
from ingestion.parsing.office.writing import Lines

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes, Ends, Starts
    from ingestion.parsing.office.word import Manuscript

# Lines between text and notes have ids like notes; only their type tells them apart.
RULES = {"separator", "continuationSeparator", "continuationNotice"}


def read_notes(manuscript: Manuscript, part: str) -> dict[str, str]:
    """The footnotes or endnotes of a part."""
    notes = Notes(manuscript, part)
    notes.read()
    return {key: text for key, (_, text) in notes.found.items()}


def read_comments(manuscript: Manuscript, part: str) -> dict[str, str]:
    """The comments of a part, each with who made it."""
    notes = Notes(manuscript, part)
    notes.read()
    return {
        key: f"[Comment, {author}: {text}]" if author else f"[Comment: {text}]"
        for key, (author, text) in notes.found.items()
    }


class Notes(Story):
    """A part of notes, each gathered for itself."""

    def __init__(self, manuscript: Manuscript, part: str) -> None:
        super().__init__(manuscript, part, Lines())
        self.found: dict[str, tuple[str, str]] = {}
        self.key = self.author = ""

    def starts(self) -> Starts:
        """Notes besides all that stands in them."""
        names = ("w:footnote", "w:endnote", "w:comment")
        return {**super().starts(), **dict.fromkeys(names, self.start_note)}

    def ends(self) -> Ends:
        """Notes besides all that stands in them."""
        names = ("w:footnote", "w:endnote", "w:comment")
        return {**super().ends(), **dict.fromkeys(names, self.end_note)}

    def start_note(self, attributes: Attributes) -> None:
        """A note begins."""
        if attributes.get("w:type") in RULES:
            self.walk.skip()
        self.key = attributes.get("w:id", "")
        self.author = " ".join(attributes.get("w:author", "").split())
        self.sinks = [Lines()]

    def end_note(self) -> None:
        """Keep it."""
        self.write_carried()
        note = self.sinks[0]
        if isinstance(note, Lines) and note.lines:
            self.found[self.key] = (self.author, note.as_line())
