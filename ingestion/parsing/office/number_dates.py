"""Dates, times and durations by a section of a format."""

from __future__ import annotations

import locale
import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from ingestion.parsing.office.number_digits import visible
from ingestion.parsing.office.number_tokens import Token

if TYPE_CHECKING:
    from typing import Any

DAY = 86_400
# The last day is in the year 9999. The first spreadsheet counted a 29 February 1900.
LAST_DAY = 2_958_465
NEVER_WAS = 60
MOST_PLACES = 3
# Japanese eras, the newest first: their first day, and their names of one to three letters.
ERAS = (
    ((2019, 5, 1), ("R", "令", "令和")),
    ((1989, 1, 8), ("H", "平", "平成")),
    ((1926, 12, 25), ("S", "昭", "昭和")),
    ((1912, 7, 30), ("T", "大", "大正")),
    ((1868, 9, 8), ("M", "明", "明治")),
)
BUDDHIST = 543
HALF_DAY = 12
# From three letters on, years have four digits, and months and days are names.
LONG = 3
INITIAL = 5


@dataclass(frozen=True, slots=True)
class Moment:
    """A day and a time of it; the day is none on days the calendar does not have."""

    year: int
    month: int
    day: int
    weekday: int
    seconds: int
    fraction: int
    total: int


def moment(value: float, places: int) -> Moment | None:
    """The moment of a number of days, rounded to so many places of a second; none beyond dates."""
    units = 10**places
    ticks = math.floor(value * DAY * units + 0.5)
    total, fraction = divmod(ticks, units)
    days, seconds = divmod(total, DAY)
    if not 0 <= days <= LAST_DAY:
        return None
    if days == NEVER_WAS:
        return Moment(1900, 2, 29, 2, seconds, fraction, total)
    if days == 0:
        return Moment(1900, 1, 0, 5, seconds, fraction, total)
    found = date(1899, 12, 30 if days > NEVER_WAS else 31) + timedelta(days)
    return Moment(found.year, found.month, found.day, found.weekday(), seconds, fraction, total)


class DateSection:
    """One section of a format for dates, times and durations."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = [*with_minutes(tokens)]
        self.has_day = any(
            token.kind == "date" and token.text[0] not in "hs" for token in self.tokens
        )
        self.is_halved = any(token.kind == "clock" for token in tokens)
        self.has_era = any(token.kind == "date" and token.text[0] == "g" for token in tokens)
        self.places = min(places_of(tokens), MOST_PLACES)
        self.language = next(
            (
                code
                for token in tokens
                if token.kind == "bracket" and (code := language(token.text))
            ),
            0,
        )

    def shown(self, value: float, shift: int) -> str | None:
        """The date or time; none for a number that is none.

        Dates are counted from `shift` days after 1900 began; durations are not.
        """
        when = moment(value + shift if self.has_day else value, self.places)
        if when is None:
            return None
        pieces: list[str] = []
        digits = 0
        for token in self.tokens:
            if token.kind == "digit":
                # Behind seconds and a point: places of a second.
                digits += 1
                pieces.append(f"{when.fraction:0{self.places}d}"[digits - 1 : digits])
            elif token.kind in {"date", "minute"}:
                pieces.append(self.part(token, when))
            elif token.kind == "elapsed":
                size = {"h": 3600, "m": 60, "s": 1}[token.text[0]]
                pieces.append(f"{when.total // size:0{min(len(token.text), 9)}d}")
            elif token.kind == "clock":
                names = token.text.split("/")
                pieces.append(names[when.seconds >= DAY // 2])
            elif token.kind == ",":
                pieces.append(",")
            else:
                pieces.append(visible(token))
        return "".join(pieces)

    def part(self, token: Token, when: Moment) -> str:
        """What a run of letters stands for."""
        letter, width = token.text[0], len(token.text)
        if letter in "yb":
            year = when.year + (BUDDHIST if letter == "b" else 0)
            return f"{year:04d}" if width >= LONG else f"{year % 100:02d}"
        if letter in "eg":
            return self.era(letter, width, when)
        if width >= LONG and token.kind == "date" and letter in "md":
            return self.name(letter, width, when)
        hours = when.seconds // 3600
        numbers = {
            "h": (hours % HALF_DAY or HALF_DAY) if self.is_halved else hours,
            "m": when.seconds // 60 % 60 if token.kind == "minute" else when.month,
            "d": when.day,
            "s": when.seconds % 60,
        }
        return f"{numbers[letter]:0{min(width, 2)}d}"

    def era(self, letter: str, width: int, when: Moment) -> str:
        """The name of an era or the year in it; without a name, the year is the common one."""
        for begin, names in ERAS if self.has_era else ():
            if (when.year, when.month, when.day) >= begin:
                year = when.year - begin[0] + 1
                return names[min(width, LONG) - 1] if letter == "g" else str(year)
        return "" if letter == "g" else f"{when.year:04d}"

    def name(self, letter: str, width: int, when: Moment) -> str:
        """The name of a month or a day, in the language of the format."""
        names = names_of(self.language)
        kind = "abbreviated" if width == LONG else "wide"
        if letter == "d":
            return str(names.days["format"][kind][when.weekday]).rstrip(".")
        if width == INITIAL:
            return str(names.months["format"]["wide"][when.month])[:1]
        return str(names.months["format"][kind][when.month]).rstrip(".")


def with_minutes(tokens: list[Token]) -> list[Token]:
    """The signs, with `m` behind hours and before seconds told to be minutes."""
    found = list(tokens)
    clock = [place for place, token in enumerate(tokens) if token.kind in {"date", "elapsed"}]
    for number, place in enumerate(clock):
        token = tokens[place]
        if token.kind != "date" or token.text not in {"m", "mm"}:
            continue
        before = tokens[clock[number - 1]].text[0] if number else ""
        after = tokens[clock[number + 1]].text[0] if number + 1 < len(clock) else ""
        if before == "h" or after == "s":
            found[place] = Token("minute", token.text)
    return found


def places_of(tokens: list[Token]) -> int:
    """How many places of a second are shown."""
    return sum(token.kind == "digit" for token in tokens)


def language(inner: str) -> int:
    """The number of the language in `[$-407]`; 0 when there is none."""
    if not inner.startswith("$"):
        return 0
    code = inner.rpartition("-")[2]
    try:
        # The upper half says which digits and calendar.
        return int(code, 16) & 0xFFFF if len(code) <= 8 else 0  # noqa: PLR2004 -- eight digits
    except ValueError:
        return 0


def names_of(code: int) -> Any:
    """The names of months and days in a language, in English when it is not known."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 -- few files need it

    try:
        return Locale.parse(locale.windows_locale.get(code, "en_US"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_US")
