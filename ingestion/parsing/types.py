"""What parsing takes apart and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from documents.layout import BoxAt, FormAt, PageAt, RowAt
    from documents.types import PassageDraft
    from ingestion.parsing.tables import Table
    from ingestion.parsing.unpacking import Member

# About 5,000 passages: a larger text is cut, and says so.
LONGEST_TEXT = 5_000_000


class ParseFailed(Exception):
    """The file cannot be read, however often it is tried; `detail` is for its owner."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading at an offset of the text; level 1 is the highest."""

    offset: int
    level: int
    title: str


class ToldHeading(NamedTuple):
    """A heading that a file tells of: its page from 1, its level from 1, and what it says."""

    page: int
    level: int
    title: str


@dataclass(slots=True)
class Extract:
    """The text of a file before it is split."""

    text: str
    title: str = ""
    headings: Sequence[Heading] = ()
    pages: Sequence[PageAt] = ()
    page_count: int | None = None
    # Where rows are, beside those between bars: of separated values.
    tables: Sequence[Table] = ()
    # Where pieces of the text stand, in order: on pages, in cells of sheets.
    boxes: Sequence[BoxAt] = ()
    rows: Sequence[RowAt] = ()
    # Of a message, which may be of several forms.
    forms: Sequence[FormAt] = ()
    # Sentences for the owner: what had to be guessed, what could not be read.
    notes: Sequence[str] = ()
    # Whether headings are definitions, which stand alone although they are short.
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was found in a file, and is stored of it."""

    title: str
    mime: str
    language: str
    pages: int | None
    truncated: bool
    passages: list[PassageDraft]
    notes: Sequence[str] = ()
    # What came out of it, in order: the bytes of number n are the file of that name in the
    # scratch folder.
    members: Sequence[Member] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDocument(Parsed):
    """The same with the whole text: `text[start:end]` of a passage is that passage's text."""

    text: str
