"""What the styles of a Word file say about paragraphs: levels of headings, numbering."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingestion.parsing.office.elements import Walk, whole

if TYPE_CHECKING:
    from typing import IO

    from ingestion.parsing.office.elements import Attributes

# Built-in names are English whatever the language of Word.
HEADING_NAME = re.compile(r"heading ([1-9])", re.I)
TITLE_NAMES = {"title"}
DEEPEST_OUTLINE = 8
LONGEST_CHAIN = 20


@dataclass(slots=True)
class Style:
    """A paragraph style as far as it is of interest; levels begin with 1."""

    name: str = ""
    based_on: str = ""
    outline: int | None = None
    number: str | None = None
    depth: int | None = None


class Styles:
    """The styles of a file by their ids."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self.styles: dict[str, Style] = {}
        self.default = ""
        self.current = Style()
        if stream:
            Walk(
                {
                    "w:style": self.start_style,
                    "w:name": self.take_name,
                    "w:basedOn": self.take_base,
                    "w:outlineLvl": self.take_outline,
                    "w:numId": self.take_number,
                    "w:ilfo": self.take_number,
                    "w:ilvl": self.take_depth,
                },
                skipped=frozenset({"w:latentStyles", "w:docDefaults", "w:pPrChange"}),
            ).through(stream)

    def start_style(self, attributes: Attributes) -> None:
        """A style begins."""
        self.current = self.styles.setdefault(attributes.get("w:styleId", ""), Style())

    def take_name(self, attributes: Attributes) -> None:
        """The name of the style, and the level that a built-in name stands for."""
        name = attributes.get("w:val", "").strip()
        self.current.name = name
        if found := HEADING_NAME.fullmatch(name):
            self.current.outline = int(found.group(1))
        elif name.lower() in TITLE_NAMES:
            self.current.outline = 1

    def take_base(self, attributes: Attributes) -> None:
        """The style it inherits from."""
        self.current.based_on = attributes.get("w:val", "")

    def take_outline(self, attributes: Attributes) -> None:
        """The level of the outline."""
        self.current.outline = outline_level(attributes)

    def take_number(self, attributes: Attributes) -> None:
        """The list its paragraphs belong to."""
        self.current.number = attributes.get("w:val")

    def take_depth(self, attributes: Attributes) -> None:
        """Their depth in the list."""
        self.current.depth = whole(attributes.get("w:val"))

    def resolved(self, style_id: str) -> Style:
        """What holds for paragraphs of a style, inherited or its own."""
        found = Style()
        for _ in range(LONGEST_CHAIN):
            style = self.styles.get(style_id)
            if style is None:
                break
            found.outline = style.outline if found.outline is None else found.outline
            found.number = style.number if found.number is None else found.number
            found.depth = style.depth if found.depth is None else found.depth
            style_id = style.based_on
        return found


def outline_level(attributes: Attributes) -> int:
    """The level of a heading from 1, or 0 for text."""
    level = whole(attributes.get("w:val"))
    return level + 1 if level is not None and 0 <= level <= DEEPEST_OUTLINE else 0
