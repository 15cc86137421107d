"""A stretch of days in somebody's time zone, cut into equal pieces of the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils import timezone

from youworker.core.exceptions import InvalidInput
from youworker.core.validators import validate_range

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

MOST_DAYS = 732
# A chart of more hours tells nothing, and each of them is a line of the answer.
MOST_DAYS_BY_HOUR = 31
# Zones that change their clocks by half an hour are met at each step.
STEP = timedelta(minutes=30)


class Interval(StrEnum):
    """What a timeline counts by; weeks begin on Monday."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True)
class Period:
    """The last `days` days of the calendar up to now, today included.

    `before` begins as many days earlier: with it, two periods of equal length can be compared.
    """

    days: int
    interval: Interval
    zone: ZoneInfo
    ends: datetime

    @cached_property
    def begins(self) -> datetime:
        """The midnight at which the first of the days begins."""
        return self.midnight(self.days - 1)

    @cached_property
    def before(self) -> datetime:
        """The beginning of the period before."""
        return self.midnight(2 * self.days - 1)

    def midnight(self, days_ago: int) -> datetime:
        """When a day began in the zone."""
        day = self.ends.astimezone(self.zone).date() - timedelta(days=days_ago)
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    @property
    def piece(self) -> str:
        """SQL for the piece that an event lies in, as `buckets` names it.

        Hours are moments, for one comes twice when clocks are put back; anything longer begins
        with a day of the calendar.
        """
        if self.interval == Interval.HOUR:
            return "date_trunc('hour', created_at, %(zone)s)"
        return f"date_trunc('{self.interval}', created_at AT TIME ZONE %(zone)s)::date"

    @cached_property
    def buckets(self) -> dict[object, datetime]:
        """The pieces in order: as `piece` names them, and when they begin.

        The first one may begin before the period, whose events only are counted.
        """
        if self.interval == Interval.HOUR:
            return {hour: hour for hour in self.hours()}
        found: dict[object, datetime] = {}
        day = self.begins.astimezone(self.zone).date()
        last = self.ends.astimezone(self.zone).date()
        while day <= last:
            first = day
            if self.interval == Interval.WEEK:
                first = day - timedelta(days=day.weekday())
            elif self.interval == Interval.MONTH:
                first = day.replace(day=1)
            found.setdefault(first, datetime.combine(first, time(), self.zone).astimezone(UTC))
            day += timedelta(days=1)
        return found

    def hours(self) -> list[datetime]:
        """The hours of the zone's clocks."""
        found: list[datetime] = []
        moment = self.begins
        while moment <= self.ends:
            local = moment.astimezone(self.zone).replace(minute=0, second=0, microsecond=0)
            hour = local.astimezone(UTC)
            if not found or found[-1] != hour:
                found.append(hour)
            moment += STEP
        return found


@validate_range("days", 1, MOST_DAYS)
def period_of(zone: ZoneInfo, *, days: int = 30, interval: str = Interval.DAY) -> Period:
    """The last days of a zone up to now."""
    if interval == Interval.HOUR and days > MOST_DAYS_BY_HOUR:
        raise InvalidInput(
            "Hours are told for %(most)s days at most.", attr="days", most=MOST_DAYS_BY_HOUR
        )
    return Period(days, Interval(interval), zone, timezone.now())
