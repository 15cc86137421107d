"""Lines that are partly written from the right, from the order of a page to that of reading.

PDFium turns such lines round by itself, but puts digits, foreign words and brackets in them wrong:
`YX-200` becomes `-200YX`, `(a)` becomes `)a(`. Where letters stand is certain, so they are sorted
by that and turned round as Unicode's bidirectional algorithm says, which undoes itself.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

# Hebrew to Arabic Extended-A, and both their presentation forms.
FROM_RIGHT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
STRONG_FROM_RIGHT = {"R", "AL"}
# What is longer is no line of a page.
LONGEST_LINE = 500
LINE_END = re.compile(r"(\r\n)")
# Of the height of a line: what is as far apart has a blank between it.
GAP = 0.12


class Sign(NamedTuple):
    """A sign of a page: its place in the text that PDFium gives, and where it stands."""

    sign: str
    place: int
    left: float
    right: float
    height: float

    @property
    def middle(self) -> float:
        """Where its middle stands, from the left."""
        return (self.left + self.right) / 2

    @property
    def is_mark(self) -> bool:
        """Whether it is written above or below a letter."""
        return unicodedata.category(self.sign) == "Mn"


def text_in_order(drawn: Any) -> tuple[str, list[int]]:
    """The text of a page in the order of reading, and of each sign the place PDFium has it at."""
    text: str = drawn.get_text_range()
    if not FROM_RIGHT.search(text):
        return text, list(range(len(text)))
    found: list[tuple[str, int]] = []
    offset = 0
    for line in LINE_END.split(text):
        if FROM_RIGHT.search(line) and len(line) <= LONGEST_LINE:
            found += turned(from_left(signs_of(drawn, line, offset)))
        else:
            found += zip(line, range(offset, offset + len(line)), strict=True)
        offset += len(line)
    return "".join(sign for sign, _ in found), [place for _, place in found]


def signs_of(drawn: Any, line: str, offset: int) -> list[Sign]:
    """The signs of a line with where they stand."""
    from pypdfium2 import raw  # noqa: PLC0415 -- only files in these scripts pay for it

    found = []
    for place, sign in enumerate(line, start=offset):
        index = raw.FPDFText_GetCharIndexFromTextIndex(drawn, place)
        left, bottom, right, top = (
            drawn.get_charbox(index, loose=True) if index >= 0 else (0.0,) * 4
        )
        found.append(Sign(sign, place, left, right, top - bottom))
    return found


def from_left(signs: Sequence[Sign]) -> list[Sign]:
    """Signs as they stand from left to right; marks before their letter, blanks where gaps are."""
    letters = sorted((one for one in signs if has_ink(one)), key=lambda one: one.middle)
    blanks = [one for one in signs if one.sign.isspace()]
    least = GAP * max((one.height for one in letters), default=0.0)
    found: list[Sign] = []
    marks = marks_by_letter(signs, letters)
    for letter in letters:
        if found and blanks and letter.left - found[-1].right > least:
            middle = (letter.left + found[-1].right) / 2
            nearest = min(blanks, key=lambda one: abs(one.middle - middle))
            found.append(nearest._replace(sign=" "))
        found += marks.get(letter.place, [])
        found.append(letter)
    return found


def has_ink(sign: Sign) -> bool:
    """Whether a sign is no blank, and no mark at a letter."""
    return not sign.sign.isspace() and not sign.is_mark


def marks_by_letter(signs: Sequence[Sign], letters: Sequence[Sign]) -> dict[int, list[Sign]]:
    """The marks at each letter, by its place: those at the letter in whose middle they stand."""
    found: dict[int, list[Sign]] = {}
    for mark in signs:
        if mark.is_mark and letters:
            letter = min(letters, key=lambda one: abs(one.middle - mark.middle))
            found.setdefault(letter.place, []).append(mark)
    return found


def turned(signs: Sequence[Sign]) -> list[tuple[str, int]]:
    """Signs from left to right in the order in which they are read, each with its place."""
    from bidi import algorithm  # noqa: PLC0415 -- only files in these scripts pay for it

    text = "".join(one.sign for one in signs)
    kinds = [unicodedata.bidirectional(one.sign) for one in signs]
    is_from_right = sum(kind in STRONG_FROM_RIGHT for kind in kinds) >= kinds.count("L")
    line = algorithm.get_empty_storage()
    line["base_level"], line["base_dir"] = int(is_from_right), "LR"[is_from_right]
    algorithm.get_embedding_levels(text, line)
    for known, one in zip(line["chars"], signs, strict=True):
        known["place"] = one.place
    # What `get_display` does; it does not say which sign came from where.
    algorithm.explicit_embed_and_overrides(line)
    algorithm.resolve_weak_types(line)
    algorithm.resolve_neutral_types(line, debug=False)
    algorithm.resolve_implicit_levels(line, debug=False)
    algorithm.reorder_resolved_levels(line, debug=False)
    algorithm.apply_mirroring(line, debug=False)
    return [(one["ch"], one["place"]) for one in line["chars"]]
