"""Numbers of lists as letters, Roman numbers and digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

BULLET = "-"
VALUES = (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1)
SIGNS = ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i")
MOST_ROMAN = 3999
LETTERS = 26
MOST_LETTERS = 780
# Kinds of numbers as old files of Word name them; all others are digits.
KINDS_BY_NUMBER = {
    1: "upperRoman",
    2: "lowerRoman",
    3: "upperLetter",
    4: "lowerLetter",
    22: "decimalZero",
    23: "bullet",
    255: "none",
}


def counted(number: int, kind: str) -> str:
    """A number as a list shows it."""
    return KINDS.get(kind, str)(number)


def as_letters(number: int) -> str:
    """a to z, then aa, bb and so on, as Word counts."""
    if not 0 < number <= MOST_LETTERS:
        return str(number)
    return chr(ord("a") + (number - 1) % LETTERS) * ((number - 1) // LETTERS + 1)


def as_roman(number: int) -> str:
    """A Roman number in lower case."""
    if not 0 < number <= MOST_ROMAN:
        return str(number)
    found = ""
    for value, sign in zip(VALUES, SIGNS, strict=True):
        found += sign * (number // value)
        number %= value
    return found


KINDS: dict[str, Callable[[int], str]] = {
    "lowerLetter": as_letters,
    "upperLetter": lambda number: as_letters(number).upper(),
    "lowerRoman": as_roman,
    "upperRoman": lambda number: as_roman(number).upper(),
    "decimalZero": lambda number: f"{number:02d}",
    "none": lambda number: "",
}
