"""A text put together of parts that have headings of their own."""

from __future__ import annotations

from dataclasses import dataclass, field

from documents.layout import FormAt
from ingestion.parsing.types import LONGEST_TEXT, Extract, Heading

MOST_NOTES = 5
GAP = "\n\n"


@dataclass(slots=True)
class Composition:
    """Parts of a text, in order, with what is known about them."""

    parts: list[str] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    forms: list[FormAt] = field(default_factory=list)
    length: int = 0

    @property
    def is_full(self) -> bool:
        """Whether more text would be cut off."""
        return self.length > LONGEST_TEXT

    def add(self, text: str, title: str = "", level: int = 0) -> None:
        """Add a part without the empty lines around it; with a title, a heading begins there."""
        text = text.strip("\n")
        if not text.strip():
            return
        offset = self.length + (len(GAP) if self.parts else 0)
        if title:
            self.headings.append(Heading(offset, level, title[:200]))
        self.parts.append(text)
        self.length = offset + len(text)

    def include(self, extract: Extract, *, deeper: int) -> None:
        """Add a whole text, its headings so many levels deeper."""
        start = self.length + (len(GAP) if self.parts else 0)
        offset = start - (len(extract.text) - len(extract.text.lstrip("\n")))
        self.add(extract.text)
        self.headings.extend(
            Heading(max(0, offset + part.offset), part.level + deeper, part.title)
            for part in extract.headings
        )
        self.note(*extract.notes)
        if extract.forms and self.length > start:
            self.forms.extend(
                form._replace(offset=max(start, offset + form.offset)) for form in extract.forms
            )
            # What follows is lines again.
            self.forms.append(FormAt(self.length, is_markdown=False))

    def note(self, *sentences: str) -> None:
        """Keep sentences for the owner, each once and not too many."""
        for sentence in sentences:
            if sentence not in self.notes and len(self.notes) < MOST_NOTES:
                self.notes.append(sentence)

    def as_extract(self, title: str = "") -> Extract:
        """The whole."""
        text = GAP.join(self.parts)
        return Extract(text, title, self.headings, forms=self.forms, notes=self.notes)
