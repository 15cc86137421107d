"""Days of a calendar and hours of a clock, also when clocks are changed."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from youworker.analytics.periods import Interval, Period, period_of
from youworker.core.exceptions import InvalidInput

ROME = ZoneInfo("Europe/Rome")


def moment(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def starts(period):
    return list(period.buckets.values())


def test_days_begin_at_midnight_of_the_zone_and_today_is_one_of_them():
    period = Period(3, Interval.DAY, ROME, moment("2026-03-10T15:20+01:00"))

    assert period.begins == moment("2026-03-08T00:00+01:00")
    assert period.before == moment("2026-03-05T00:00+01:00")
    assert starts(period) == [moment(f"2026-03-{day:02}T00:00+01:00") for day in (8, 9, 10)]


def test_a_day_of_23_hours_is_one_day_and_has_23_hours():
    ends = moment("2026-03-30T00:30+02:00")
    days = Period(3, Interval.DAY, ROME, ends)
    hours = Period(2, Interval.HOUR, ROME, ends)

    assert starts(days) == [
        moment("2026-03-28T00:00+01:00"),
        moment("2026-03-29T00:00+01:00"),
        moment("2026-03-30T00:00+02:00"),
    ]
    assert len(hours.buckets) == 23 + 1


def test_a_day_of_25_hours_has_the_hour_that_comes_twice_twice():
    period = Period(1, Interval.HOUR, ROME, moment("2026-10-25T23:59+01:00"))

    hours = starts(period)

    assert len(hours) == 25
    assert {later - earlier for earlier, later in itertools.pairwise(hours)} == {timedelta(hours=1)}


@pytest.mark.parametrize("name", ["Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_hours_are_those_of_clocks_that_do_not_go_by_whole_hours(name):
    zone = ZoneInfo(name)
    period = Period(3, Interval.HOUR, zone, datetime(2026, 4, 6, 3, 10, tzinfo=UTC))

    local = [start.astimezone(zone) for start in starts(period)]

    assert all(each.minute == 0 for each in local)
    assert len(set(starts(period))) == len(local)


def test_weeks_begin_on_monday_and_months_on_the_first():
    ends = moment("2026-03-10T15:20+01:00")

    weeks = Period(8, Interval.WEEK, ROME, ends)
    months = Period(40, Interval.MONTH, ROME, ends)

    assert list(weeks.buckets) == [datetime(2026, 3, 2).date(), datetime(2026, 3, 9).date()]  # noqa: DTZ001 -- a day
    assert [str(day) for day in months.buckets] == ["2026-01-01", "2026-02-01", "2026-03-01"]


@pytest.mark.parametrize("days", [0, -1, 733])
def test_a_period_has_between_one_day_and_two_years(days):
    with pytest.raises(InvalidInput):
        period_of(ROME, days=days)


def test_hours_are_not_told_for_a_year():
    with pytest.raises(InvalidInput, match="31 days"):
        period_of(ROME, days=32, interval="hour")
