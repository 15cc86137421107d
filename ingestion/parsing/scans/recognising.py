"""The text of one picture, however it lies."""

from __future__ import annotations

import math
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from ingestion.parsing.letters import Box, Word, words_to_text
from ingestion.parsing.scans.engine import Reading, recognise
from ingestion.parsing.scans.preparing import (
    SMALLEST_SIDE,
    legible,
    straightened,
    with_easy_letters,
)
from ingestion.parsing.scans.rules import PictureText, current

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingestion.parsing.scans.preparing import Straight

# Seconds for a page, whichever ways it is tried; a dense one takes two on a slow machine.
PAGE_SECONDS = 20.0
# Percent: upside down, print is at 50 to 65.
SURE = 75.0
FEW_LETTERS = 4
# What begins a paragraph of a German law or contract is often taken for a dollar.
SECTION = re.compile(r"^\$ ?(?=\d{1,4}[a-z]?\b)", re.M)
GERMAN = re.compile("[äöüßÄÖÜ]")
TURNS = {
    0: None,
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}
# Where a point of a picture was before it was turned against the hands of a clock.
QUARTERS_BACK: dict[int, Callable[[float, float], tuple[float, float]]] = {
    0: lambda column, row: (column, row),
    90: lambda column, row: (1 - row, column),
    180: lambda column, row: (1 - column, 1 - row),
    270: lambda column, row: (row, 1 - column),
}


def text_of(picture: Image.Image) -> PictureText:
    """The text of a picture, turned by quarters until it can be read; empty when it shows none."""
    if min(picture.size) < SMALLEST_SIDE:
        return PictureText("", "")
    gray = legible(picture)
    straight = straightened(gray)
    until = time.monotonic() + PAGE_SECONDS
    best, best_turn = best_reading(straight, until)
    best = with_easy_size(best, straight.picture, best_turn, until)
    text = SECTION.sub("§ ", best.text) if GERMAN.search(best.text) else best.text
    turned = Turned(gray.size, straight.picture.size, straight.skew, best_turn)
    words = [Word(word.letters, turned.before(word.box)) for word in best.words]
    return PictureText(text, words_to_text(words))


def best_reading(straight: Straight, until: float) -> tuple[Reading, int]:
    """What is read best in a picture, and after which turn, as far as there is time."""
    scan = current()
    best, best_turn = Reading(), 0
    for turn in likely_turns(scan.turned, is_sideways=straight.is_sideways):
        found = recognised(straight.picture, turn, until)
        if found.worth > best.worth:
            best, best_turn = found, turn
            if is_certain(found):
                scan.turned = turn
                break
    return best, best_turn


def with_easy_size(found: Reading, picture: Image.Image, turn: int, until: float) -> Reading:
    """What was read, or is read in a larger or smaller picture when that is worth more."""
    if not found.letters:
        return found
    easy = with_easy_letters(picture, found.size)
    if easy is None:
        return found
    return max(recognised(easy, turn, until), found, key=lambda reading: reading.worth)


class Turned(NamedTuple):
    """How a picture was turned: by a skew, which made it larger, and then by quarters."""

    size: tuple[int, int]
    straight_size: tuple[int, int]
    skew: float
    turn: int

    def before(self, box: Box) -> Box:
        """A box of the turned picture in the one before; shares of the width and height."""
        across = (box.left, box.right)
        points = [self.point(column, row) for column in across for row in (box.top, box.bottom)]
        columns, rows = zip(*points, strict=True)
        return Box(min(columns), min(rows), max(columns), max(rows))

    def point(self, column: float, row: float) -> tuple[float, float]:
        """Where a point was."""
        column, row = QUARTERS_BACK[self.turn](column, row)
        if not self.skew:
            return column, row
        (width, height), (large_width, large_height) = self.size, self.straight_size
        angle = math.radians(self.skew)
        across, down = (column - 0.5) * large_width, (row - 0.5) * large_height
        before = across * math.cos(angle) - down * math.sin(angle)
        below = across * math.sin(angle) + down * math.cos(angle)
        return before / width + 0.5, below / height + 0.5


def likely_turns(last: int, *, is_sideways: bool) -> list[int]:
    """The quarters to be tried, in order: first as the lines lie, then as the last page lay."""
    lying = (90, 270) if is_sideways else (0, 180)
    others = (0, 180) if is_sideways else (90, 270)
    return [*sorted(lying, key=lambda turn: turn != last), *others]


def recognised(picture: Image.Image, turn: int, until: float) -> Reading:
    """What is read in a picture after a turn; nothing when the time is up."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        return Reading()
    way = TURNS[turn]
    turned = picture if way is None else picture.transpose(way)
    rules = current().rules
    return recognise(turned, languages=rules.languages, models=rules.models, seconds=seconds)


def is_certain(found: Reading) -> bool:
    """Whether no other turn could be better."""
    return found.is_upright and found.confidence >= SURE and found.letters >= FEW_LETTERS
