"""Equations of Office as a line of text: `(a+b)/2`, `x^2`, `√(x)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingestion.parsing.office.elements import Attributes, Ends, Starts

BEFORE = {"m:sup": "^", "m:sub": "_", "m:rad": "√"}
AFTER = {"m:num": "/", "m:mr": "; "}
GROUPS = ("m:num", "m:den", "m:sup", "m:sub", "m:rad")
# Roots' degrees, accents and bars are signs above a letter.
SKIPPED = frozenset({"m:deg", "m:accPr", "m:groupChrPr", "m:barPr", "m:ctrlPr"})


class Equations:
    """Adds the signs between the letters of an equation to a list of pieces.

    Parentheses are put where a piece was kept free, so nothing is copied however deep it nests.
    """

    def __init__(self, pieces: Callable[[], list[str]]) -> None:
        self.pieces = pieces
        self.marks: list[tuple[list[str], int]] = []
        self.brackets: list[list[str]] = []
        self.sign = ""

    def starts(self) -> Starts:
        """What to call where elements begin."""
        return {
            **{name: self.begins(BEFORE.get(name, "")) for name in GROUPS},
            "m:d": self.start_brackets,
            "m:begChr": self.take_opening,
            "m:endChr": self.take_closing,
            "m:naryPr": self.start_sign,
            "m:chr": self.take_sign,
        }

    def ends(self) -> Ends:
        """What to call where they end."""
        return {
            **{name: self.closes(AFTER.get(name, "")) for name in GROUPS},
            "m:d": self.end_brackets,
            "m:naryPr": self.end_sign,
            "m:mr": lambda: self.pieces().append("; "),
        }

    def begins(self, sign: str) -> Callable[[Attributes], None]:
        """What to do where a group begins."""

        def begin(attributes: Attributes) -> None:
            pieces = self.pieces()
            pieces += (sign, "")
            self.marks.append((pieces, len(pieces)))

        return begin

    def closes(self, sign: str) -> Callable[[], None]:
        """What to do where a group ends: parentheses when it is more than a letter."""

        def close() -> None:
            pieces, mark = self.marks.pop()
            is_long = len(pieces) > mark + 1 or (len(pieces) > mark and len(pieces[mark]) > 1)
            if is_long:
                pieces[mark - 1] = "("
            pieces.append(f"){sign}" if is_long else sign)

        return close

    def start_brackets(self, attributes: Attributes) -> None:
        """Something in brackets begins; they are round unless it is said otherwise."""
        pieces = self.pieces()
        pieces.append("(")
        self.marks.append((pieces, len(pieces)))
        self.brackets.append(["(", ")"])

    def take_opening(self, attributes: Attributes) -> None:
        """The opening bracket."""
        if self.brackets:
            self.brackets[-1][0] = attributes.get("m:val", "")

    def take_closing(self, attributes: Attributes) -> None:
        """The closing one."""
        if self.brackets:
            self.brackets[-1][1] = attributes.get("m:val", "")

    def end_brackets(self) -> None:
        """Write the brackets."""
        pieces, mark = self.marks.pop()
        pieces[mark - 1], closing = self.brackets.pop()
        pieces.append(closing)

    def start_sign(self, attributes: Attributes) -> None:
        """A large sign follows; an integral unless it is said otherwise."""
        self.sign = "∫"

    def take_sign(self, attributes: Attributes) -> None:
        """Which sign."""
        self.sign = attributes.get("m:val", "")

    def end_sign(self) -> None:
        """Write it."""
        self.pieces().append(self.sign)
