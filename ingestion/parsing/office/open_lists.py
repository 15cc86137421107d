"""Lists of OpenDocument: which are numbered, and how far each was counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingestion.parsing.office.counting import BULLET, as_letters, as_roman
from ingestion.parsing.office.elements import whole

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes, Starts


@dataclass(frozen=True, slots=True)
class Level:
    """One depth of a list: how it counts, and what stands around the number."""

    kind: str
    before: str
    after: str
    first: int


@dataclass(slots=True)
class OpenList:
    """A list that is being read."""

    style: str
    # The label of its current item, until its first paragraph took it.
    label: str = ""


class Lists:
    """The list styles of a document, and the lists that are open, outermost first."""

    def __init__(self) -> None:
        self.levels: dict[tuple[str, int], Level] = {}
        self.counts: dict[tuple[str, int], int] = {}
        self.open: list[OpenList] = []
        self.style = ""

    def starts(self) -> Starts:
        """What to call where styles begin."""
        return {
            "text:list-style": self.start_style,
            "text:list-level-style-number": self.take_level,
        }

    def start_style(self, attributes: Attributes) -> None:
        """A list style begins."""
        self.style = attributes.get("style:name", "")

    def take_level(self, attributes: Attributes) -> None:
        """A depth of it that is numbered."""
        first = whole(attributes.get("text:start-value"))
        self.levels[self.style, whole(attributes.get("text:level")) or 1] = Level(
            attributes.get("style:num-format", ""),
            attributes.get("style:num-prefix", ""),
            attributes.get("style:num-suffix", ""),
            1 if first is None else first,
        )

    def start_list(self, attributes: Attributes) -> None:
        """A list begins; one within another has its style unless it says otherwise."""
        outer = self.open[-1].style if self.open else ""
        style = attributes.get("text:style-name", outer)
        self.open.append(OpenList(style))
        is_continued = attributes.get("text:continue-numbering") == "true"
        if not is_continued and "text:continue-list" not in attributes:
            self.counts.pop((style, len(self.open)), None)

    def end_list(self) -> None:
        """A list ends."""
        self.open.pop()

    def start_item(self, attributes: Attributes) -> None:
        """An item begins."""
        if not self.open:
            return
        style, depth = self.open[-1].style, len(self.open)
        level = self.levels.get((style, depth))
        if level is None:
            self.open[-1].label = BULLET
            return
        given = whole(attributes.get("text:start-value"))
        follows = self.counts.get((style, depth), level.first - 1) + 1
        number = follows if given is None else given
        self.counts[style, depth] = number
        shown = numbered(number, level.kind)
        self.open[-1].label = f"{level.before}{shown}{level.after}".strip() if shown else ""

    def take_label(self) -> str:
        """What stands before the paragraph that is read, once for each item."""
        if not self.open:
            return ""
        label, self.open[-1].label = self.open[-1].label, ""
        return label


def numbered(number: int, kind: str) -> str:
    """A number in one of the five ways OpenDocument counts; nothing when it is not shown."""
    letters = {"a": as_letters, "A": as_letters, "i": as_roman, "I": as_roman}
    if not kind:
        return ""
    shown = letters[kind](number) if kind in letters else str(number)
    return shown.upper() if kind.isupper() else shown
