"""Rules by which events repeat (RFC 5545, 3.3.10), in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingestion.parsing.calendars.times import DAY_NAMES, MONTH_NAMES, moment_of

if TYPE_CHECKING:
    from collections.abc import Sequence

UNITS = {
    "SECONDLY": "second",
    "MINUTELY": "minute",
    "HOURLY": "hour",
    "DAILY": "day",
    "WEEKLY": "week",
    "MONTHLY": "month",
    "YEARLY": "year",
}
DAYS = dict(zip(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), DAY_NAMES, strict=True))
WORKDAYS = ["MO", "TU", "WE", "TH", "FR"]
BY_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
NUMBER = re.compile(r"[+-]?\d{1,3}")
COUNT = re.compile(r"\d{1,6}")
ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
TEENS = range(11, 14)
SUFFIXES = {1: "st", 2: "nd", 3: "rd"}
LONGEST = 500


def rule_in_words(rule: str) -> str:
    """When something happens again; the rule itself when it is none that is known."""
    given = (part.partition("=") for part in rule[:LONGEST].upper().split(";"))
    parts = {name.strip(): value.strip() for name, _, value in given}
    unit = UNITS.get(parts.get("FREQ", ""))
    if unit is None:
        return rule[:LONGEST]
    interval = parts.get("INTERVAL", "1")
    is_single = interval.lstrip("0") in {"", "1"} or not COUNT.fullmatch(interval)
    every = f"every {unit}" if is_single else f"every {int(interval)} {unit}s"
    return "".join((every, *(word for word in (days_of(parts), end_of(parts)) if word)))


def days_of(parts: dict[str, str]) -> str:
    """On which days, in which months and at which times."""
    dates = [
        f"day {one}" if one > 0 else f"the {nth(one)} day" for one in numbers(parts, "BYMONTHDAY")
    ]
    months = [
        MONTH_NAMES[one - 1] for one in numbers(parts, "BYMONTH") if 0 < one <= len(MONTH_NAMES)
    ]
    weeks = [str(one) for one in numbers(parts, "BYWEEKNO")]
    found = [
        on("on", weekdays_of(parts)),
        on("on", dates),
        on("in", months),
        on("in week", weeks),
        on("on day of the year", [str(one) for one in numbers(parts, "BYYEARDAY")]),
        on("at hour", [str(one) for one in numbers(parts, "BYHOUR")]),
    ]
    return "".join(found)


def on(word: str, names: Sequence[str]) -> str:
    """Names behind the word that leads them in; nothing without names."""
    return f" {word} {listed(names)}" if names else ""


def weekdays_of(parts: dict[str, str]) -> list[str]:
    """Days of the week, also the first or last one of a month."""
    found = BY_DAY.findall(parts.get("BYDAY", ""))
    places = [nth(one) for one in numbers(parts, "BYSETPOS")]
    names = [day for place, day in found if not place]
    if places and names:
        is_workday = sorted(names) == sorted(WORKDAYS)
        which = "workday" if is_workday else listed([DAYS[day] for day in names], "or")
        return [f"the {place} {which}" for place in places]
    return [f"the {nth(int(place))} {DAYS[day]}" if place else DAYS[day] for place, day in found]


def end_of(parts: dict[str, str]) -> str:
    """How often, or until when."""
    count = parts.get("COUNT", "")
    if COUNT.fullmatch(count):
        return ", once" if int(count) == 1 else f", {int(count)} times"
    until = moment_of(parts.get("UNTIL", ""))
    return f", until {until.text}" if until is not None else ""


def numbers(parts: dict[str, str], name: str) -> list[int]:
    """The numbers of a part of the rule."""
    return [int(one) for one in parts.get(name, "").split(",") if NUMBER.fullmatch(one)]


def nth(number: int) -> str:
    """A place in words, counted from the end when it is below zero."""
    if number in ORDINALS:
        return ORDINALS[number]
    size = abs(number)
    suffix = "th" if size % 100 in TEENS else SUFFIXES.get(size % 10, "th")
    return f"{size}{suffix}" if number > 0 else f"{ORDINALS.get(size, f'{size}{suffix}')} to last"


def listed(names: Sequence[str], word: str = "and") -> str:
    """Names with commas, and a word before the last."""
    return f" {word} ".join(filter(None, (", ".join(names[:-1]), names[-1])))
