"""Dates and times: reading, writing, moving and understanding them."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from django.utils.translation import gettext_noop

from mcp.builtin.counted_days import counted_day
from mcp.builtin.italian import in_english
from youworker.core.exceptions import InvalidInput
from youworker.core.zones import find_zone

# In the product's languages; elsewhere CLDR's own order of day, month and year.
LONG = {"en": "EEEE, d MMMM y, HH:mm", "it": "EEEE d MMMM y, HH:mm"}
SHORT = {"en": "yyyy-MM-dd HH:mm", "it": "dd/MM/yyyy HH:mm"}
DATE = {"en": "d MMMM y"}
# Users write to the tool in one of them whatever language the conversation is set to.
FALLBACKS = ("en", "it")
STYLES = ("long", "short", "date", "time", "weekday")
UTC = ZoneInfo("UTC")
NOT_ISO = gettext_noop("%(text)r is not a date and time in ISO 8601.")
NO_PATTERN = gettext_noop("%(text)r is not a pattern.")
NOT_UNDERSTOOD = gettext_noop("%(text)r is not understood as a date or a time.")


def zone_named(name: str) -> ZoneInfo:
    """The time zone of an IANA name; raises `InvalidInput`."""
    zone = find_zone(name)
    if zone is None:
        raise InvalidInput("There is no time zone %(name)r; try Europe/Rome.", name=name)
    return zone


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
        raise InvalidInput(NOT_ISO, text=text) from error


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
    locale = locale_of(language)
    if style == "iso":
        return moment.isoformat(timespec="seconds")
    if style in STYLES:
        return styled(moment, style, locale)
    if "%" not in style:
        raise InvalidInput("The format is long, short, date, time, weekday, iso or a pattern.")
    return patterned(moment, style, locale)


def styled(moment: datetime, style: str, locale: Locale) -> str:
    """The moment in a named style."""
    tongue = locale.language
    if style == "weekday":
        return format_datetime(moment, "EEEE", locale=locale)
    clock = format_datetime(moment, "HH:mm", locale=locale)
    if style == "time":
        return clock
    if style == "date":
        return format_date(moment, DATE.get(tongue, "long"), locale=locale)
    pattern = {"long": LONG, "short": SHORT}[style].get(tongue)
    if pattern is not None:
        return format_datetime(moment, pattern, locale=locale)
    day = format_date(moment, "full" if style == "long" else "short", locale=locale)
    return f"{day}, {clock}"


def patterned(moment: datetime, pattern: str, locale: Locale) -> str:
    """`strftime` whose names are in a language, not in the process's."""
    names = {"%A": "EEEE", "%a": "EEE", "%B": "MMMM", "%b": "MMM"}
    for code, field in names.items():
        if code in pattern:
            name = format_datetime(moment, field, locale=locale)
            pattern = pattern.replace(code, name.replace("%", "%%"))
    try:
        return moment.strftime(pattern)
    except ValueError as error:
        raise InvalidInput(NO_PATTERN, text=pattern) from error


def locale_of(language: str) -> Locale:
    """The names and formats of a code such as `it-IT`; raises `InvalidInput`."""
    try:
        return Locale.parse(language.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError) as error:
        raise InvalidInput(
            "The language %(language)r is not known: use a code such as en or it.",
            language=language,
        ) from error


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
    counted = counted_day(text, now(zone), zone)
    if counted is not None:
        return counted
    # The library reads English far better than Italian, where it drops the time of the day.
    for wording, tongue in readings(text, locale_of(language).language):
        moment = dateparser.parse(wording, languages=[tongue], settings=options)
        if moment is not None:
            return cast("datetime", moment).astimezone(zone).replace(microsecond=0)
    raise InvalidInput(NOT_UNDERSTOOD, text=text)


def readings(text: str, tongue: str) -> list[tuple[str, str]]:
    """What to try, in order: the words and the language to read them in."""
    from dateparser.data.languages_info import language_order  # noqa: PLC0415 -- see above

    order = dict.fromkeys((tongue, *FALLBACKS))
    known = [(text, each) for each in order if each in language_order]
    english = in_english(text)
    return known if english is None else [(english, "en"), *known]
