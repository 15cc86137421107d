"""Lines that were recognised in a picture; lengths in its points."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from documents.unspaced import UNSPACED
from ingestion.parsing.letters import Box

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Multiples of the height of small letters: no blank is as wide; in a justified line blanks are
# alike, and even there none is wider than the second.
WIDE_GAP = 2.5
WIDEST_BLANK = 4.5
UNLIKE = 2.0
NO_BLANK = re.compile(f"[{UNSPACED}\u3000-\u303f\uff01-\uff65]")
FROM_RIGHT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")


@dataclass(slots=True)
class Line:
    """Words in one row of a block, in the order of reading, and where they stand.

    `baseline` is what its letters stand on, `size` the height of its small letters.
    """

    block: int
    baseline: float
    size: float
    words: list[str] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    letters: int = 0
    doubt: float = 0.0

    @property
    def confidence(self) -> float:
        """The mean of the words in percent, by their letters."""
        return 100 - self.doubt / self.letters if self.letters else 0.0

    @property
    def text(self) -> str:
        """The words as they are read."""
        gaps = (blank(*pair) for pair in itertools.pairwise(self.words))
        pairs = itertools.zip_longest(self.words, gaps, fillvalue="")
        return "".join(itertools.chain.from_iterable(pairs))

    @property
    def left(self) -> float:
        """Where it begins, seen from the left."""
        return min(box.left for box in self.boxes)

    @property
    def right(self) -> float:
        """Where it ends, seen from the left."""
        return max(box.right for box in self.boxes)

    def cells(self) -> list[Line]:
        """What wide gaps divide it into."""
        return list(self.divided())

    def divided(self) -> Iterator[Line]:
        """Its pieces between wide gaps, in order."""
        gaps = [self.gap_before(place) for place in range(1, len(self.boxes))]
        usual = min(
            max(min(gaps, default=0.0) * UNLIKE, WIDE_GAP * self.size), WIDEST_BLANK * self.size
        )
        start = 0
        for place, gap in enumerate([*gaps, math.inf], 1):
            if gap > usual:
                words, boxes = self.words[start:place], self.boxes[start:place]
                yield Line(self.block, self.baseline, self.size, words, boxes)
                start = place

    def gap_before(self, place: int) -> float:
        """How far a word is from the one before, whichever way they run."""
        one, two = self.boxes[place - 1 : place + 1]
        return max(two.left - one.right, one.left - two.right)


def blank(before: str, after: str) -> str:
    """What stands between two words: nothing in scripts that put no blanks."""
    if NO_BLANK.fullmatch(before[-1:]) and NO_BLANK.fullmatch(after[:1]):
        return ""
    return " "


def begins_within(text: str) -> bool:
    """Whether a line begins in the middle of a sentence, as far as its first letter tells."""
    return text[:1].isalpha() and not text[:1].isupper()


def mirrored(lines: Sequence[Line]) -> list[Line]:
    """Lines with left and right exchanged when they are read from the right."""
    letters = "".join(word for line in lines for word in line.words)
    if len(FROM_RIGHT.findall(letters)) * 2 <= sum(map(str.isalpha, letters)):
        return list(lines)
    return [
        Line(line.block, line.baseline, line.size, line.words, list(map(mirror, line.boxes)))
        for line in lines
    ]


def mirror(box: Box) -> Box:
    """A box as it is seen in a mirror."""
    return Box(-box.right, box.top, -box.left, box.bottom)
