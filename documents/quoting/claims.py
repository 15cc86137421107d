"""What in an answer a mark stands for: its sentence, the words in quotes before it, its list."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from documents.quoting.sentences import MARK, sentence_spans
from documents.quoting.units import ITEM

if TYPE_CHECKING:
    from collections.abc import Sequence

# German opens with the low ones, and closes with what English opens with.
CLOSING = {"„": "“”", "“": "”", "«": "»", "»": "«"}
QUOTES = re.compile("[„“”«»]")
ANNOUNCED = re.compile(r":[\"'”“\u2019»)*_]*\Z")
# Nobody closes a quote behind so many sentences, or reads such a list as one claim.
MOST_SENTENCES = 12

Place = tuple[int, int]


def cited_spans(text: str) -> list[Place]:
    """Where the parts of an answer stand that a mark speaks for, and the sentences without any.

    Marks behind a closing quote belong to all that is quoted; the only mark of a list or table, at
    its end, to the whole of it, with the line that announces it.
    """
    return with_lists(text, with_quotes(text, with_marks(text, sentence_spans(text))))


def with_marks(text: str, spans: Sequence[Place]) -> list[Place]:
    """Sentences with the marks that stand behind them."""
    found: list[Place] = []
    for start, end in spans:
        if found and not MARK.sub("", text[start:end]).strip(" .,;"):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def with_quotes(text: str, spans: Sequence[Place]) -> list[Place]:
    """Sentences, those as one that stand between the same quotation marks in one paragraph."""
    found: list[Place] = []
    open_from = -1
    for start, end in spans:
        found.append((start, end))
        first = open_from if open_from >= 0 else len(found) - 1
        is_open = ends_in_quote(text[found[first][0] : end])
        goes_on = "\n\n" not in text[found[first][0] : end] and len(found) - first < MOST_SENTENCES
        if is_open and goes_on and MARK.search(text, start, end) is None:
            open_from = first
        else:
            if open_from >= 0 and not is_open and goes_on:
                found[first:] = [(found[first][0], end)]
            open_from = -1
    return found


def ends_in_quote(text: str) -> bool:
    """Whether a quotation mark of a text is not closed in it."""
    closing = list[str]()
    for sign in QUOTES.findall(text):
        if closing and sign in closing[-1]:
            closing.pop()
        elif sign in CLOSING:
            closing.append(CLOSING[sign])
    return bool(closing)


def with_lists(text: str, spans: Sequence[Place]) -> list[Place]:
    """Sentences, those of a list or table as one that has a single mark, at its end."""
    found: list[Place] = []
    for place, following in itertools.zip_longest(spans, spans[1:]):
        found.append(place)
        is_last = following is None or not is_same_list(text, place, following)
        if is_last and is_item(text, place) and len(set(MARK.findall(text, *place))) == 1:
            first = beginning_of_list(text, found)
            found[first:] = [(found[first][0], place[1])]
    return found


def beginning_of_list(text: str, spans: Sequence[Place]) -> int:
    """The place of what the last item's mark stands for: itself, where others have marks."""
    last = len(spans) - 1
    first = last
    while first > max(0, last - MOST_SENTENCES) and is_same_list(
        text, *spans[first - 1 : first + 1]
    ):
        first -= 1
    if any(MARK.search(text, *span) for span in spans[first:last]):
        return last
    if first and is_announced(text, *spans[first - 1 : first + 1]):
        first -= 1
    return first


def is_same_list(text: str, before: Place, after: Place) -> bool:
    """Whether two items follow each other, or two rows."""
    is_close = text.count("\n", before[1], after[0]) <= 1
    are_items = is_item(text, before) and is_item(text, after)
    return is_close and are_items and (text[before[0]] == "|") == (text[after[0]] == "|")


def is_item(text: str, place: Place) -> bool:
    """Whether an item of a list begins there, or a row of a table."""
    return text.startswith("|", place[0]) or ITEM.match(text, place[0]) is not None


def is_announced(text: str, before: Place, item: Place) -> bool:
    """Whether a sentence without a mark announces the list that begins behind it."""
    is_near = text.count("\n", before[1], item[0]) <= 2  # noqa: PLR2004 -- an empty line between
    said = text[slice(*before)]
    return is_near and ANNOUNCED.search(said) is not None and MARK.search(said) is None
