"""Dates and times: reading, writing, moving and understanding them."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import dateformat, translation
from django.utils.dates import MONTHS, MONTHS_3, WEEKDAYS, WEEKDAYS_ABBR

from mcp.builtin.italian import in_english
from youworker.common.exceptions import InvalidInput

LANGUAGES = ("en", "it")
STYLES = {
    "en": {
        "long": "l, j F Y, H:i",
        "short": "Y-m-d H:i",
        "date": "j F Y",
        "time": "H:i",
        "weekday": "l",
    },
    "it": {
        "long": "l j F Y, H:i",
        "short": "d/m/Y H:i",
        "date": "j F Y",
        "time": "H:i",
        "weekday": "l",
    },
}
UTC = ZoneInfo("UTC")


def zone_named(name: str) -> ZoneInfo:
    """The time zone of an IANA name; raises `InvalidInput`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput(f"There is no time zone {name!r}; try Europe/Rome.") from error


def now(zone: ZoneInfo) -> datetime:
    """This moment."""
    return datetime.now(zone).replace(microsecond=0)


def read(text: str, zone: ZoneInfo) -> datetime:
    """A moment of ISO 8601 in `zone`; without an offset it is meant as the clock there."""
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            return moment.replace(tzinfo=zone)
        return moment.astimezone(zone)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"{text!r} is not a date and time in ISO 8601.") from error


def shifted(moment: datetime, *, months: int, days: int, seconds: int) -> datetime:
    """`moment` later by calendar months and days on the clock, and by elapsed seconds."""
    try:
        day = month_later(moment.date(), months) + timedelta(days=days)
        on_the_clock = datetime.combine(day, moment.time(), moment.tzinfo)
        if not seconds:
            return on_the_clock
        # Elapsed time is counted in UTC: a day with a clock change has 23 or 25 hours.
        passed = on_the_clock.astimezone(UTC) + timedelta(seconds=seconds)
        return passed.astimezone(moment.tzinfo)
    except (ValueError, OverflowError) as error:
        raise InvalidInput("The result lies outside the calendar.") from error


def month_later(day: date, months: int) -> date:
    """The same day of another month, or its last day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def written(moment: datetime, style: str, language: str) -> str:
    """The moment in a named style or a `strftime` pattern; raises `InvalidInput`."""
    tongue = tongue_of(language)
    if style == "iso":
        return moment.isoformat(timespec="seconds")
    with translation.override(tongue):
        if style in STYLES[tongue]:
            words = dateformat.format(moment, STYLES[tongue][style])
            # Django's Italian names of days and months begin with a capital, as in a list.
            return words if tongue == "en" else words.lower()
        if "%" not in style:
            raise InvalidInput("The format is long, short, date, time, weekday, iso or a pattern.")
        return patterned(moment, style)


def patterned(moment: datetime, pattern: str) -> str:
    """`strftime` whose names are in the active language, not in the process's."""
    names = {
        "%A": WEEKDAYS[moment.weekday()],
        "%a": WEEKDAYS_ABBR[moment.weekday()],
        "%B": MONTHS[moment.month],
        "%b": MONTHS_3[moment.month],
    }
    for code, name in names.items():
        pattern = pattern.replace(code, str(name).replace("%", "%%"))
    try:
        return moment.strftime(pattern)
    except ValueError as error:
        raise InvalidInput(f"{pattern!r} is not a pattern.") from error


def tongue_of(language: str) -> str:
    """The supported language of a code such as `it-IT`; raises `InvalidInput`."""
    tongue = language.lower().replace("_", "-").split("-")[0]
    if tongue not in LANGUAGES:
        raise InvalidInput(f"The language {language!r} is not known: use en or it.")
    return tongue


def understood(text: str, zone: ZoneInfo, language: str) -> datetime:
    """The moment words speak of, seen from now; raises `InvalidInput`."""
    # Late, because its tables take half a second to load.
    import dateparser  # noqa: PLC0415 -- see above

    options: dict[str, Any] = {
        "TIMEZONE": str(zone),
        "TO_TIMEZONE": str(zone),
        "RETURN_AS_TIMEZONE_AWARE": True,
        "PREFER_DATES_FROM": "future",
        "RELATIVE_BASE": now(zone).replace(tzinfo=None),
    }
    # The library reads English far better than Italian, where it drops the time of the day.
    for wording, tongue in readings(text, tongue_of(language)):
        moment = dateparser.parse(wording, languages=[tongue], settings=options)
        if moment is not None:
            return cast("datetime", moment).astimezone(zone).replace(microsecond=0)
    raise InvalidInput(f"{text!r} is not understood as a date or a time.")


def readings(text: str, tongue: str) -> list[tuple[str, str]]:
    """What to try, in order: the words and the language to read them in."""
    order = [(text, "en"), (text, "it")] if tongue == "en" else [(text, "it"), (text, "en")]
    english = in_english(text)
    return order if english is None else [(english, "en"), *order]
