"""The text of a document in one piece, out of its passages, of which some overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from django.db.models import Max

from documents.models import Passage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from documents.models import Document

PASSAGES_AT_ONCE = 500


class Piece(Protocol):
    """Text with its place in the whole, in characters."""

    @property
    def text(self) -> str: ...

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


class Excerpt(NamedTuple):
    """A piece of a document; `total` is the length of the whole, in characters."""

    text: str
    start: int
    end: int
    total: int


def joined_text(pieces: Iterable[Piece], start: int = 0) -> str:
    """What pieces in their order say from `start` on.

    Between pieces that do not touch stand as many line ends as characters were left out, so that
    places in the text stay what they are.
    """
    found: list[str] = []
    end = start
    for piece in pieces:
        if piece.end <= end:
            continue
        gap = "\n" * (piece.start - end) if found else ""
        found.append(gap + piece.text[max(0, end - piece.start) :])
        end = piece.end
    return "".join(found)


def read_excerpt(document: Document, *, start: int, most: int) -> Excerpt:
    """What a document says from character `start` on, at most so many characters."""
    rows = Passage.objects.filter(document=document)
    total = rows.aggregate(total=Max("end"))["total"] or 0
    wanted = rows.filter(end__gt=start, start__lt=start + most).order_by("ordinal")
    pieces = list(wanted.only("text", "start", "end")[:PASSAGES_AT_ONCE])
    begin = max(start, pieces[0].start) if pieces else start
    text = joined_text(pieces, begin)[:most]
    return Excerpt(text, begin, min(begin + len(text), total), total)
