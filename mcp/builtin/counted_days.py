"""Days that are counted within their month: the third Friday of March, l'ultimo giorno del mese."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, time
from functools import cache
from typing import TYPE_CHECKING

from babel import Locale

from mcp.builtin.italian import ACCENTS

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

LAST = -1
ORDINALS = {
    "primo": 1, "prima": 1, "first": 1, "1st": 1, "secondo": 2, "seconda": 2, "second": 2,
    "2nd": 2, "terzo": 3, "terza": 3, "third": 3, "3rd": 3, "quarto": 4, "quarta": 4,
    "fourth": 4, "4th": 4, "quinto": 5, "quinta": 5, "fifth": 5, "5th": 5, "ultimo": LAST,
    "ultima": LAST, "last": LAST, "fine": LAST, "end": LAST,
}  # fmt: skip
FILLERS = frozenset(
    ("il", "lo", "la", "l", "di", "del", "dello", "della", "nel", "the", "of", "in", "on", "a")
)
DAY = {"giorno", "day"}
MONTH = {"mese", "month"}
SHIFTS = {
    "questo": 0, "corrente": 0, "this": 0, "prossimo": 1, "next": 1, "scorso": -1, "previous": -1,
}  # fmt: skip
TOKEN = re.compile(r"\d{1,4}(?:st|nd|rd|th)?|[a-zà-ù]+")
CLOCK = re.compile(r"\b(?:alle|all|ore|at)\s(?:ore\s)?(\d{1,2})(?:[:.](\d{2}))?\s?(am|pm)?\b")
MOST_WORDS = 12
NOON = 12


@cache
def names_of(kind: str) -> dict[str, int]:
    """The numbers of weekdays (Monday is 0) or months (January is 1) by their names.

    Two languages' names take 5 MB until somebody asks.
    """
    found: dict[str, int] = {}
    for locale in (Locale("it"), Locale("en")):
        wide = (locale.days if kind == "days" else locale.months)["format"]["wide"]
        found |= {name.lower(): number for number, name in wide.items()}
    return found


def counted_day(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment that words count out; None when they do not count, or there is no such day."""
    lowered = text.lower()
    clock = CLOCK.search(lowered)
    hours = time_of(clock) if clock else time()
    words = TOKEN.findall(CLOCK.sub(" ", lowered))
    if hours is None or len(words) > MOST_WORDS:
        return None
    wanted = [ACCENTS.get(word, word) for word in words if word not in FILLERS]
    day = day_of(wanted, now.date())
    return None if day is None else datetime.combine(day, hours, zone)


def time_of(found: re.Match[str]) -> time | None:
    """A time of the day; None when the clock does not have it."""
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        hour = hour % NOON + (NOON if found[3] == "pm" else 0)
    try:
        return time(hour, minute)
    except ValueError:
        return None


def day_of(words: list[str], today: date) -> date | None:
    """The day of an ordinal, a weekday or none, a month and a year or none."""
    ordinal = ORDINALS.get(words[0]) if words else None
    if ordinal is None:
        return None
    rest = words[1:]
    weekday = names_of("days").get(rest[0]) if rest else None
    if weekday is not None or (rest and rest[0] in DAY):
        rest = rest[1:]
    # "Fine mese" counts days without naming them; other ordinals have to name what they count.
    elif words[0] not in {"fine", "end"}:
        return None
    month = month_of(rest, today)
    if month is None:
        return None
    found = nth(ordinal, weekday, *month)
    says_year = len(rest) > 1 or not rest or rest[0] not in names_of("months")
    if found is not None and found < today and not says_year:
        return nth(ordinal, weekday, month[0] + 1, month[1])
    return found


def month_of(words: list[str], today: date) -> tuple[int, int] | None:
    """Year and month that words name; None when they name something else."""
    months = names_of("months")
    match words:
        case [name] if name in months:
            return today.year, months[name]
        case [name, year] if name in months and year.isdecimal() and date.min.year <= int(year):
            return int(year), months[name]
        case [name] if name in MONTH:
            return today.year, today.month
        case [first, second] if {first, second} & MONTH and {first, second} & SHIFTS.keys():
            shift = SHIFTS[first] if first in SHIFTS else SHIFTS[second]
            years, month = divmod(today.month - 1 + shift, 12)
            return today.year + years, month + 1
    return None


def nth(ordinal: int, weekday: int | None, year: int, month: int) -> date | None:
    """A counted weekday, or day, of a month; None when it has fewer."""
    if not date.min.year <= year <= date.max.year:
        return None
    length = calendar.monthrange(year, month)[1]
    days = [
        each
        for each in range(1, length + 1)
        if weekday is None or date(year, month, each).weekday() == weekday
    ]
    try:
        return date(year, month, days[ordinal if ordinal == LAST else ordinal - 1])
    except IndexError:
        return None
