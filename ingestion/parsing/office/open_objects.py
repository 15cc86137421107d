"""Charts and formulas within OpenDocument files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingestion.parsing.office.drawings import Names
from ingestion.parsing.office.elements import Walk

if TYPE_CHECKING:
    from ingestion.parsing.office.elements import Attributes, Ends, Starts
    from ingestion.parsing.office.package import Package

# Of a formula, what draws it; behind it stands what was typed: `{a + b} over 2`.
DRAWN = frozenset(
    f"math:{name}"
    for name in (
        *("maction", "menclose", "mfenced", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover"),
        *("mpadded", "mphantom", "mroot", "mrow", "ms", "msqrt", "mstyle", "msub", "msubsup"),
        *("msup", "mtable", "mtext", "munder", "munderover"),
    )
)
# The root of such a part, in its first bytes; others declare the namespace as well.
ROOT = re.compile(rb"<(?:[\w-]{1,20}+:)?+math[\s>]")
BEGINNING = 1000


def formula_in(package: Package | None, part: str) -> str:
    """A formula as it was typed; nothing of other parts, and of those that were read before."""
    if package is None or not ROOT.search(package.read(part, BEGINNING)):
        return ""
    if not package.is_new(part):
        return ""
    pieces: list[str] = []
    Walk({}, {}, pieces.append, skipped=DRAWN).through(package.open(part))
    return " ".join("".join(pieces).split())


class Chart(Names):
    """Gathers titles, and names of series and categories, each once, as of other formats."""

    def __init__(self) -> None:
        super().__init__()
        self.column = 0
        self.is_name = True

    def starts(self) -> Starts:
        """What to call where elements begin."""
        return {
            "text:p": self.start_text,
            "table:table-row": self.start_row,
            "table:table-cell": self.start_cell,
        }

    def ends(self) -> Ends:
        """What to call where they end."""
        return {"text:p": self.end_line, "table:table-cell": self.end_cell}

    def start_row(self, attributes: Attributes) -> None:
        """A row of its data begins."""
        self.column = 0

    def start_cell(self, attributes: Attributes) -> None:
        """A cell begins: a category or the name of a series, or a number, which is no text."""
        self.column += 1
        self.is_name = self.column == 1 or attributes.get("office:value-type") == "string"

    def end_cell(self) -> None:
        """It ends."""
        self.is_name = True

    def start_text(self, attributes: Attributes) -> None:
        """Characters follow."""
        self.is_text = self.is_name
