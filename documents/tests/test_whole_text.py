"""The text of a document in one piece."""

from __future__ import annotations

from documents.types import PassageDraft
from documents.whole_text import joined_text


def pieces_of(text, *spans):
    return [
        PassageDraft(number, text[start:end], "", None, start, end)
        for number, (start, end) in enumerate(spans)
    ]


def test_overlaps_are_said_once_and_gaps_keep_their_length():
    text = "One two.\n\n\nThree four five."

    found = joined_text(pieces_of(text, (0, 8), (4, 8), (11, 21), (17, 27)))

    assert found == text
