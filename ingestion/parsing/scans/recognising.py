"""The text of one picture, however it lies."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from PIL import Image

from ingestion.parsing.scans.engine import Reading, recognise
from ingestion.parsing.scans.preparing import SMALLEST_SIDE, legible, straightened
from ingestion.parsing.scans.rules import current

if TYPE_CHECKING:
    from ingestion.parsing.scans.rules import Scanning

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


def text_of(picture: Image.Image) -> str:
    """The text of a picture, turned by quarters until it can be read; empty when it shows none."""
    if min(picture.size) < SMALLEST_SIDE:
        return ""
    scan = current()
    straight, is_sideways = straightened(legible(picture))
    until = time.monotonic() + PAGE_SECONDS
    best = Reading()
    for turn in likely_turns(scan.turned, is_sideways=is_sideways):
        seconds = until - time.monotonic()
        if seconds <= 0:
            break
        found = recognised(straight, turn, scan, seconds)
        if found.worth > best.worth:
            best = found
            if is_certain(found):
                scan.turned = turn
                break
    return SECTION.sub("§ ", best.text) if GERMAN.search(best.text) else best.text


def likely_turns(last: int, *, is_sideways: bool) -> list[int]:
    """The quarters to be tried, in order: first as the lines lie, then as the last page lay."""
    lying = (90, 270) if is_sideways else (0, 180)
    others = (0, 180) if is_sideways else (90, 270)
    return [*sorted(lying, key=lambda turn: turn != last), *others]


def recognised(picture: Image.Image, turn: int, scan: Scanning, seconds: float) -> Reading:
    """What is read in a picture after a turn."""
    way = TURNS[turn]
    turned = picture if way is None else picture.transpose(way)
    rules = scan.rules
    return recognise(turned, languages=rules.languages, models=rules.models, seconds=seconds)


def is_certain(found: Reading) -> bool:
    """Whether no other turn could be better."""
    return found.is_upright and found.confidence >= SURE and found.letters >= FEW_LETTERS
