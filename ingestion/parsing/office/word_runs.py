"""The characters of a Word file: runs, signs, fields, what was deleted or is hidden."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingestion.parsing.office import equations
from ingestion.parsing.office.elements import Alternatives, Walk, is_on
from ingestion.parsing.office.symbols import symbol
from ingestion.parsing.office.word_fields import Fields
from ingestion.parsing.office.writing import Lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingestion.parsing.office.elements import Attributes, Ends, Starts

# What was deleted, instructions of fields, earlier properties, readings above characters.
SKIPPED = equations.SKIPPED | {
    "w:instrText",
    "w:delText",
    "w:delInstrText",
    "w:pPrChange",
    "w:rPrChange",
    "w:tblPrChange",
    "w:trPrChange",
    "w:tcPrChange",
    "w:sectPrChange",
    "w:sdtPr",
    "w:rt",
}
SIGNS = {
    "w:ptab": "\t",
    "w:br": "\n",
    "w:cr": "\n",
    "w:noBreakHyphen": "-",
}


@dataclass(slots=True)
class Paragraph:
    """A paragraph while it is read."""

    pieces: list[str] = field(default_factory=list)
    style: str = ""
    outline: int | None = None
    number: str | None = None
    depth: int | None = None
    # The mark at its end was deleted: the next paragraph goes on in the same line.
    goes_on: bool = False
    boxes: Lines = field(default_factory=Lines)
    # The lines of each spreadsheet in it.
    sheets: list[list[str]] = field(default_factory=list)


class Runs:
    """Gathers the characters of paragraphs, the innermost last."""

    def __init__(self) -> None:
        self.paragraphs = [Paragraph()]
        self.hidden = [False]
        self.alternatives = Alternatives(lambda: self.walk.skip())  # noqa: PLW0108 -- there is none yet
        self.in_properties = 0
        self.is_text = False
        self.fields = Fields(self.add)
        self.equations = equations.Equations(lambda: self.paragraphs[-1].pieces)
        self.walk = Walk(self.starts(), self.ends(), self.take, skipped=SKIPPED)

    def starts(self) -> Starts:
        """What to call where elements begin."""
        return {
            "w:pPr": self.start_properties,
            "w:r": self.start_run,
            "w:vanish": self.take_hidden,
            "w:t": self.start_text,
            "m:t": self.start_text,
            "w:tab": self.take_tab,
            "w:sym": self.take_symbol,
            "w:del": self.skip_removed,
            "w:moveFrom": self.skip_removed,
            **self.alternatives.starts(),
            **{name: self.adds(sign) for name, sign in SIGNS.items()},
            **self.fields.starts(),
            **self.equations.starts(),
        }

    def ends(self) -> Ends:
        """What to call where they end."""
        return {
            "w:pPr": self.end_properties,
            "w:r": self.end_run,
            "w:t": self.end_text,
            "m:t": self.end_text,
            **self.alternatives.ends(),
            **self.fields.ends(),
            **self.equations.ends(),
        }

    def take(self, text: str) -> None:
        """Keep characters when they are text."""
        if self.is_text:
            self.add(text)

    def add(self, text: str) -> None:
        """Add to the paragraph what is shown."""
        if not self.hidden[-1] and not self.fields.is_code:
            self.paragraphs[-1].pieces.append(text)

    def adds(self, sign: str) -> Callable[[Attributes], None]:
        """What to do at an element that stands for a character."""
        return lambda attributes: self.add(sign)

    def start_text(self, attributes: Attributes) -> None:
        """Characters follow."""
        self.is_text = True

    def end_text(self) -> None:
        """They end."""
        self.is_text = False

    def take_tab(self, attributes: Attributes) -> None:
        """A tab; in properties, where the tabs of a paragraph stop."""
        if not self.in_properties:
            self.add("\t")

    def take_symbol(self, attributes: Attributes) -> None:
        """A character of a symbol font."""
        self.add(symbol(attributes.get("w:font", ""), attributes.get("w:char", "")))

    def start_run(self, attributes: Attributes) -> None:
        """A run begins; it is shown unless it says otherwise."""
        self.hidden.append(False)

    def end_run(self) -> None:
        """A run ends."""
        self.hidden.pop()

    def take_hidden(self, attributes: Attributes) -> None:
        """The run is hidden; the mark of a paragraph may be, too, which hides nothing else."""
        if not self.in_properties and len(self.hidden) > 1:
            self.hidden[-1] = is_on(attributes.get("w:val"))

    def skip_removed(self, attributes: Attributes) -> None:
        """Leave out what was deleted or moved away; as a property, it is the end of a line."""
        if self.in_properties:
            self.paragraphs[-1].goes_on = True
        self.walk.skip()

    def start_properties(self, attributes: Attributes) -> None:
        """Its properties follow."""
        self.in_properties += 1

    def end_properties(self) -> None:
        """They end."""
        self.in_properties -= 1
