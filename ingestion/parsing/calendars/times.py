"""Days and times of iCalendar in words."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ingestion.parsing.calendars.content_lines import Line

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
# `20260301`, `2026-03-01T10:00:00Z`, and of birthdays `--0301`, which has no year.
TIME = re.compile(
    r"(\d{4}|--)-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d))?(?:\.\d{1,9})?(Z?))?.{0,6}"
)
DURATION = re.compile(
    r"([+-]?)P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?"
)
# What Mozilla's programs and others write before the name of a zone.
ZONE_PATH = re.compile(r"/[^/]++/[^/]*\d{4,}[^/]*/")
UTC = "UTC"
LEAP_YEAR = 2000


class Moment(NamedTuple):
    """A day, or a time of a day in a zone; without a zone, the time where somebody is."""

    at: datetime
    has_time: bool
    zone: str = ""

    @property
    def text(self) -> str:
        """It in words."""
        return f"{self.day}, {self.clock}{self.where}" if self.has_time else self.day

    @property
    def day(self) -> str:
        """The day in words."""
        return shown_day(self.at.date())

    @property
    def clock(self) -> str:
        """The time in hours and minutes."""
        return f"{self.at:%H:%M}"

    @property
    def where(self) -> str:
        """The zone in brackets."""
        return f" ({self.zone})" if self.zone else ""


def shown_day(day: date) -> str:
    """A day as it is written in English."""
    name = DAY_NAMES[day.weekday()]
    return f"{name}, {day.day} {MONTH_NAMES[day.month - 1]} {day.year}"


def moments_of(line: Line) -> list[Moment]:
    """The times of a property; what is none is left out."""
    zone = line.parameters.get("TZID", "").strip()
    found = (moment_of(one, ZONE_PATH.sub("", zone)) for one in line.value.split(","))
    return [moment for moment in found if moment is not None]


def moment_of(value: str, zone: str = "") -> Moment | None:
    """A time; none when it is damaged. Of a period, its beginning."""
    found = TIME.fullmatch(value.strip().partition("/")[0])
    if found is None or found[1] == "--":
        return None
    year, month, day, hour, minute, second = (int(number or 0) for number in found.groups()[:6])
    try:
        # A minute may have 61 seconds.
        at = datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001 -- where it is said
    except ValueError:
        return None
    has_time = found[4] is not None
    return Moment(at, has_time, (UTC if found[7] else zone) if has_time else "")


def day_of(value: str) -> str:
    """A day without the time, as birthdays are; empty when it is damaged."""
    found = TIME.fullmatch(value.strip())
    if found is None:
        return ""
    year, month, day = found.groups()[:3]
    try:
        known = date(LEAP_YEAR if year == "--" else int(year), int(month), int(day))
    except ValueError:
        return ""
    text = f"{known.day} {MONTH_NAMES[known.month - 1]}"
    return text if year == "--" else f"{text} {known.year}"


def duration_of(value: str) -> timedelta | None:
    """How long something takes; none when it is damaged."""
    found = DURATION.fullmatch(value.strip())
    if found is None:
        return None
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in found.groups()[1:])
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if found[1] == "-" else length


def span_of(start: Moment, end: Moment | None) -> str:
    """From when to when in words; an end without a time is the day after the last."""
    if end is None or end.at <= start.at:
        return start.text
    if not start.has_time:
        last = end.at - timedelta(days=0 if end.has_time else 1)
        is_one = last.date() <= start.at.date()
        return start.day if is_one else f"{start.day} to {shown_day(last.date())}"
    if end.zone != start.zone:
        return f"{start.text} to {end.text}"
    if end.at.date() == start.at.date():
        return f"{start.day}, {start.clock} to {end.clock}{start.where}"
    return f"{start.day}, {start.clock} to {end.day}, {end.clock}{start.where}"
