"""What the passages around a hit have of its sentences: texts are cut at lines and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db import connection

from documents.quoting.sentences import sentence_spans
from documents.types import HitContext

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from documents.types import SearchHit

# More is no rest of a sentence.
LONGEST_REST = 500
ENDS = tuple(".!?…:;。！？|")  # noqa: RUF001 -- full stops of other scripts
CLOSING = "\"'”’»“)]*_ "  # noqa: RUF001 -- quotes as people set them
# Between lines there is one character, between pages a few.
LINE_GAP, PAGE_GAP = 1, 4

NEIGHBOURS = """
    SELECT hit.id, neighbour.ordinal > hit.ordinal, neighbour.text, neighbour.start, neighbour."end"
    FROM documents_passage hit JOIN documents_passage neighbour
      ON neighbour.document_id = hit.document_id
     AND neighbour.ordinal IN (hit.ordinal - 1, hit.ordinal + 1)
    WHERE hit.id = ANY(%s)
"""


class Stretch(NamedTuple):
    """A text and where it stands in its document."""

    text: str
    start: int
    end: int


def add_context(hits: Sequence[SearchHit]) -> None:
    """Give each hit the rests of its first and last sentence; one statement for all of them."""
    beside: dict[tuple[UUID, bool], Stretch] = {}
    with connection.cursor() as cursor:
        cursor.execute(NEIGHBOURS, [[hit.chunk_id for hit in hits]])
        for pk, follows, *stretch in cursor.fetchall():
            beside[pk, follows] = Stretch(*stretch)
    for hit in hits:
        own = Stretch(hit.text, hit.start, hit.end)
        before, after = beside.get((hit.chunk_id, False)), beside.get((hit.chunk_id, True))
        hit.context = HitContext(
            last_sentence(before.text) if before and goes_on(before, own) else "",
            first_sentence(after.text) if after and goes_on(own, after) else "",
        )


def goes_on(one: Stretch, other: Stretch) -> bool:
    """Whether a sentence of one text ends in the other, which follows it."""
    gap = other.start - one.end
    if one.text.rstrip(CLOSING).endswith(ENDS) or not one.text or not other.text:
        return False
    return 0 <= gap <= LINE_GAP or (0 <= gap <= PAGE_GAP and other.text[0].islower())


def last_sentence(text: str) -> str:
    """The last sentence of a text; empty when it is too long to be one."""
    spans = sentence_spans(text)
    rest = text[spans[-1][0] :] if spans else ""
    return rest if len(rest) <= LONGEST_REST else ""


def first_sentence(text: str) -> str:
    """The first sentence of a text; empty when it is too long to be one."""
    spans = sentence_spans(text)
    rest = text[: spans[0][1]] if spans else ""
    return rest if len(rest) <= LONGEST_REST else ""
