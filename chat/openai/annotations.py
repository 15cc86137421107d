"""Sources as OpenAI's clients know them: the address that each `[n]` of an answer leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import reverse

from chat.runs.marks import read_marks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


PLACE, NOWHERE = ("start_index", "end_index"), (0, 0)


def annotations_of(
    content: str, citations: Sequence[Mapping[str, Any]], *, site: str, session_id: str
) -> list[dict[str, Any]]:
    """The citations of an answer as `url_citation`, in the order of their numbers.

    `site` is our address without a slash at its end; places are counted in characters. Open WebUI
    finds the source of `[2]` by counting, and takes those of one title for one: no number is left
    out, and titles begin with it.
    """
    places = places_of_marks(content)
    return [
        {
            "type": "url_citation",
            "url_citation": {
                **dict(zip(PLACE, places.get(citation["index"], NOWHERE), strict=True)),
                "title": f"{citation['index']}. {citation['title']}",
                "url": f"{site}{path_of(citation, session_id)}",
            },
        }
        for citation in citations
    ]


def places_of_marks(text: str) -> dict[int, tuple[int, int]]:
    """Where the first mark of each number begins and ends."""
    places: dict[int, tuple[int, int]] = {}
    position = 0
    for piece in read_marks(text):
        end = position + len(piece.text)
        for number in piece.numbers:
            places.setdefault(number, (position, end))
        position = end
    return places


def path_of(citation: Mapping[str, Any], session_id: str) -> str:
    """The page of a document at the passage; of one that is out of sight, what was kept of it."""
    if citation["document_id"] is None:
        return reverse("chat-session", args=[session_id])
    asked: dict[str, Any] = {}
    if citation["chunk_id"]:
        asked["chunk"] = citation["chunk_id"]
        # The quote by its offsets: what somebody reads does not belong into an address.
        if citation["end"] > citation["start"]:
            asked |= {"start": citation["start"], "end": citation["end"]}
    page = reverse("document", args=[citation["document_id"]])
    return f"{page}?{urlencode(asked)}" if asked else page
