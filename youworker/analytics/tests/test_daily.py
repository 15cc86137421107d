"""Sums by day: the same whether a day was summed before or is summed when asked."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from quotas.models import UsageEvent
from youworker.analytics.daily import forget_days, settle_days, usage_days
from youworker.analytics.models import UsageDay

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)


def event(at, kind="run", **fields):
    return UsageEvent.objects.create(
        created_at=at, kind=kind, outcome=fields.pop("outcome", "succeeded"), **fields
    )


def history(users):
    """Two weeks, over the night in which clocks are put forward in Europe."""
    for ago in (0, 1, 2, 2, 9):
        at = NOW - timedelta(days=ago)
        event(at, user=users[ago % 2], tokens_in=10, tokens_out=ago)
        event(at, kind="tool_call", duration_ms=100 * (ago + 1), outcome="failed")
        event(at, kind="ingestion", bytes=7)
    event(NOW - timedelta(days=1), outcome="stopped")
    event(NOW - timedelta(days=1), outcome="failed")


@pytest.fixture
def rome(settings):
    settings.TIME_ZONE = "Europe/Rome"


@contextmanager
def clock_at(moment):
    """What the clock of the product shows meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: moment)
        yield


@pytest.fixture
def users():
    return UserFactory.create_batch(2)


def test_sums_are_the_same_before_and_after_they_are_kept(users):
    with clock_at(NOW):
        history(users)
        asked = usage_days(14)

        assert settle_days() == 9
        kept = usage_days(14)

    names = asked[0].keys()
    assert [{name: row[name] for name in names} for row in kept] == asked
    assert UsageDay.objects.count() == 9, "today is not over"
    assert [row["runs"] for row in asked[-3:]] == [2, 3, 1]
    yesterday = asked[-2]
    assert (yesterday["stopped_runs"], yesterday["failed_runs"]) == (1, 1)
    assert (yesterday["tool_p50_ms"], yesterday["failed_tool_calls"]) == (200, 1)
    assert asked[-3]["active_users"] == 1
    assert (asked[0]["runs"], asked[0]["tool_p95_ms"]) == (0, None)


def test_it_is_done_once(users):
    with clock_at(NOW):
        history(users)
        settle_days()

        assert settle_days() == 0
        assert forget_days() == 9
        assert settle_days() == 9


def test_a_day_is_not_over_at_midnight(users):
    with clock_at(datetime(2026, 3, 30, 0, 30, tzinfo=UTC)):
        event(datetime(2026, 3, 29, 23, 59, tzinfo=UTC), user=users[0])

        assert settle_days() == 0
        assert usage_days(2)[0]["runs"] == 1

    with clock_at(datetime(2026, 3, 30, 1, 1, tzinfo=UTC)):
        assert settle_days() == 1


def test_a_day_belongs_to_the_zone_of_the_installation(rome):
    # In Rome it is the next day already; the clocks are put forward that night.
    event(datetime(2026, 3, 28, 23, 30, tzinfo=UTC))
    event(datetime(2026, 3, 29, 21, 59, tzinfo=UTC))
    event(datetime(2026, 3, 29, 22, 1, tzinfo=UTC))

    with clock_at(NOW):
        found = {row["day"].isoformat(): row["runs"] for row in usage_days(3)}
        settle_days()
        kept = {row["day"].isoformat(): row["runs"] for row in usage_days(3)}

    assert found == kept == {"2026-03-28": 0, "2026-03-29": 2, "2026-03-30": 1}


def test_another_zone_has_its_days_summed_anew(settings, users):
    with clock_at(NOW):
        event(datetime(2026, 3, 28, 23, 30, tzinfo=UTC), user=users[0])
        settle_days()
        settings.TIME_ZONE = "Europe/Rome"

        assert [row["runs"] for row in usage_days(3)] == [0, 1, 0]
        assert settle_days() == 1
        assert set(UsageDay.objects.values_list("zone", flat=True)) >= {"Europe/Rome"}


def test_nobody_used_anything():
    assert settle_days() == 0
    assert [row["runs"] for row in usage_days(2)] == [0, 0]


def test_use_of_somebody_who_is_erased_still_counts(users):
    with clock_at(NOW):
        history(users)
        settle_days()
        before = usage_days(5)
        UsageEvent.objects.all().delete()

        after = usage_days(5)

    assert after[:-1] == before[:-1]
    assert after[-1]["runs"] == 0
