"""The numbers of lists and headings, which Word computes and does not store as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingestion.parsing.office.counting import BULLET, KINDS_BY_NUMBER, counted
from ingestion.parsing.office.elements import Walk, is_on, whole

if TYPE_CHECKING:
    from typing import IO

    from ingestion.parsing.office.elements import Attributes

PLACE = re.compile(r"%([1-9])")
DEEPEST = 8


@dataclass(slots=True)
class Level:
    """One depth of a list."""

    kind: str = "decimal"
    text: str = ""
    start: int = 1
    is_legal: bool = False


class Numbering:
    """The lists of a file, and how far each was counted."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self.lists: dict[str, dict[int, Level]] = {}
        self.numbers: dict[str, str] = {}
        # Lists that style others, by the name of the style, and lists that are styled by one.
        self.styling: dict[str, str] = {}
        self.styled: dict[str, str] = {}
        self.listed = ""
        self.overrides: dict[str, dict[int, int]] = {}
        self.counts: dict[str, dict[int, int]] = {}
        self.begun: set[str] = set()
        self.levels: dict[int, Level] = {}
        self.level = Level()
        self.number = ""
        self.depth = 0
        if stream:
            Walk(
                {
                    "w:abstractNum": self.start_list,
                    "w:styleLink": self.take_style,
                    "w:numStyleLink": self.take_link,
                    "w:lvl": self.start_level,
                    "w:start": self.take_start,
                    "w:numFmt": self.take_kind,
                    "w:nfc": self.take_old_kind,
                    "w:lvlText": self.take_text,
                    "w:isLgl": self.take_legal,
                    "w:num": self.start_number,
                    "w:abstractNumId": self.take_list,
                    # As Word of 2003 calls the definition of a list, its use, and what is used.
                    "w:listDef": self.start_list,
                    "w:list": self.start_number,
                    "w:ilst": self.take_list,
                    "w:lvlOverride": self.start_override,
                    "w:startOverride": self.take_override,
                }
            ).through(stream)

    def start_list(self, attributes: Attributes) -> None:
        """The definition of a list begins."""
        self.listed = attributes.get("w:abstractNumId") or attributes.get("w:listDefId") or ""
        self.levels = self.lists.setdefault(self.listed, {})

    def take_style(self, attributes: Attributes) -> None:
        """It is what lists of this style look like."""
        self.styling[attributes.get("w:val", "")] = self.listed

    def take_link(self, attributes: Attributes) -> None:
        """It looks like another that has this style."""
        self.styled[self.listed] = attributes.get("w:val", "")

    def start_level(self, attributes: Attributes) -> None:
        """A depth of it begins."""
        self.level = self.levels.setdefault(whole(attributes.get("w:ilvl")) or 0, Level())

    def take_start(self, attributes: Attributes) -> None:
        """The first number."""
        first = whole(attributes.get("w:val"))
        self.level.start = 1 if first is None else first

    def take_kind(self, attributes: Attributes) -> None:
        """Digits, letters or bullets."""
        self.level.kind = attributes.get("w:val", "decimal")

    def take_old_kind(self, attributes: Attributes) -> None:
        """Digits, letters or bullets by their number."""
        number = whole(attributes.get("w:val"))
        self.level.kind = KINDS_BY_NUMBER.get(number or 0, "decimal")

    def take_text(self, attributes: Attributes) -> None:
        """What stands around the numbers."""
        self.level.text = attributes.get("w:val", "")

    def take_legal(self, attributes: Attributes) -> None:
        """Whether all numbers are digits."""
        self.level.is_legal = is_on(attributes.get("w:val"))

    def start_number(self, attributes: Attributes) -> None:
        """A use of a list begins; levels it defines are its own."""
        self.number = attributes.get("w:numId") or attributes.get("w:ilfo") or ""
        self.levels = {}

    def take_list(self, attributes: Attributes) -> None:
        """The list that is used."""
        self.numbers[self.number] = attributes.get("w:val", "")

    def start_override(self, attributes: Attributes) -> None:
        """The depth that is changed."""
        self.depth = whole(attributes.get("w:ilvl")) or 0

    def take_override(self, attributes: Attributes) -> None:
        """The number it begins with anew."""
        first = whole(attributes.get("w:val"))
        self.overrides.setdefault(self.number, {})[self.depth] = 1 if first is None else first

    def next_label(self, number: str, depth: int) -> str:
        """Count one paragraph on, and give what stands before it; `-` for a bullet."""
        listed = self.numbers.get(number)
        if listed is None:
            return ""
        listed = self.styling.get(self.styled.get(listed, ""), listed)
        levels = self.lists.get(listed, {})
        depth = min(max(depth, 0), DEEPEST)
        self.count_on(number, listed, levels, depth)
        level = levels.get(depth)
        if level is None or level.kind == "bullet":
            return BULLET
        counts = self.counts[listed]

        def shown(place: re.Match[str]) -> str:
            other = int(place.group(1)) - 1
            kind = levels.get(other, level).kind
            first = levels.get(other, level).start
            return counted(counts.get(other, first), "decimal" if level.is_legal else kind)

        return PLACE.sub(shown, level.text).strip()

    def count_on(self, number: str, listed: str, levels: dict[int, Level], depth: int) -> None:
        """Raise the count at a depth; deeper ones begin anew."""
        counts = self.counts.setdefault(listed, {})
        if number not in self.begun:
            self.begun.add(number)
            for changed, first in self.overrides.get(number, {}).items():
                counts[changed] = first - 1
        first = levels[depth].start if depth in levels else 1
        counts[depth] = counts[depth] + 1 if depth in counts else first
        for deeper in [other for other in counts if other > depth]:
            del counts[deeper]
