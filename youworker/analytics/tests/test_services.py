"""The six views, against a history that is known."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from chat.services import create_session
from chat.tests.factories import SessionFactory
from quotas.enums import QuotaKind, UsageKind, UsageOutcome
from quotas.meters import measure_usage
from quotas.models import UsageEvent
from quotas.tests.factories import use_tokens
from quotas.types import QuotaSubject
from youworker.analytics import services
from youworker.analytics.periods import Interval, Period, period_of

pytestmark = pytest.mark.django_db

ROME = ZoneInfo("Europe/Rome")
# Clocks are put forward on the 29th of March.
ENDS = datetime(2026, 3, 30, 20, 0, tzinfo=UTC)


def happen(user, at, kind=UsageKind.RUN, **fields):
    fields = {"outcome": UsageOutcome.SUCCEEDED, "name": "m", **fields}
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return UsageEvent.objects.create(user=user, kind=kind, created_at=moment, **fields)


def period(days=3, interval=Interval.DAY, zone=ROME):
    return Period(days, interval, zone, ENDS)


def test_events_lie_in_the_day_of_the_zone_on_both_sides_of_a_change_of_clocks():
    user = UserFactory()
    for at in (
        "2026-03-28T23:59:59+01:00",
        "2026-03-29T00:00:00+01:00",
        "2026-03-29T01:59:59+01:00",
        "2026-03-29T03:00:00+02:00",
        "2026-03-29T23:59:59+02:00",
        "2026-03-30T00:00:00+02:00",
        # Before the period, and after its end.
        "2026-03-27T23:59:59+01:00",
        "2026-03-30T23:00:00+02:00",
    ):
        happen(user, at, tokens_out=10)

    rows = services.tokens_timeline(period(), of=user.pk)["timeline"]

    assert [(row["runs"], row["tokens_out"]) for row in rows] == [(1, 10), (4, 40), (1, 10)]
    elsewhere = services.tokens_timeline(period(zone=ZoneInfo("UTC")), of=user.pk)["timeline"]
    assert [row["runs"] for row in elsewhere] == [2, 4, 0]


def test_hours_in_which_nothing_happened_are_told_too():
    user = UserFactory()
    happen(user, "2026-03-29T01:30:00+01:00")
    happen(user, "2026-03-29T03:30:00+02:00")

    rows = services.tool_timeline(period(2, Interval.HOUR), of=user.pk)["timeline"]
    answers = services.session_activity(period(2, Interval.HOUR), of=user.pk)["timeline"]

    assert len(rows) == 23 + 23
    assert {(row["calls"], row["mean_ms"]) for row in rows} == {(0, None)}
    assert [place for place, row in enumerate(answers) if row["runs"]] == [1, 2]


@pytest.mark.parametrize("interval", list(Interval))
def test_every_way_of_cutting_a_period_gives_the_same_sums(interval):
    user = UserFactory()
    for days in range(28):
        happen(user, ENDS - timedelta(days=days, hours=days % 5), tokens_in=days, tokens_out=1)

    chosen = period(30, interval)
    rows = services.tokens_timeline(chosen, of=user.pk)
    totals = services.overview(chosen, of=user.pk)["totals"]

    assert sum(row["runs"] for row in rows["timeline"]) == totals["runs"] == 28
    assert (
        sum(row["tokens_in"] for row in rows["timeline"]) == totals["tokens_in"] == sum(range(28))
    )
    assert rows["models"][0]["tokens_out"] == totals["tokens_out"] == 28


def test_sums_agree_with_what_quotas_count():
    user = UserFactory()
    use_tokens(user.pk, 7, 5)
    use_tokens(user.pk, 20)

    totals = services.overview(period_of(timezone.get_current_timezone(), days=1), of=user.pk)

    used = measure_usage(QuotaKind.TOKENS_PER_DAY, QuotaSubject.of_user(user))
    assert totals["totals"]["tokens_in"] + totals["totals"]["tokens_out"] == used == 32


def test_the_days_before_are_told_beside_those_of_the_period():
    user = UserFactory()
    happen(user, "2026-03-30T10:00:00+02:00")
    happen(user, "2026-03-27T10:00:00+01:00", outcome=UsageOutcome.FAILED)
    happen(user, "2026-03-26T10:00:00+01:00", outcome=UsageOutcome.STOPPED)
    happen(user, "2026-03-24T10:00:00+01:00")

    answer = services.overview(period(3), of=user.pk)

    now, before = answer["totals"], answer["previous"]
    assert (now["runs"], now["failed_runs"], now["stopped_runs"]) == (1, 0, 0)
    assert (before["runs"], before["failed_runs"], before["stopped_runs"]) == (2, 1, 1)


def test_nobody_sees_what_others_did_and_everybody_is_counted_for_staff():
    ada, bob = UserFactory(), UserFactory()
    happen(ada, "2026-03-30T10:00:00+02:00", tokens_out=1)
    happen(bob, "2026-03-30T10:00:00+02:00", tokens_out=2, name="other")
    # Of somebody who was erased since.
    happen(None, "2026-03-30T10:00:00+02:00", tokens_out=4)

    mine = services.tokens_timeline(period(1), of=ada.pk)
    everybody = services.overview(period(1), of=None)["totals"]

    assert [row["name"] for row in mine["models"]] == ["m"]
    assert mine["timeline"][0]["tokens_out"] == 1
    assert (everybody["runs"], everybody["tokens_out"], everybody["active_users"]) == (3, 7, 2)


def test_tools_are_compared_by_how_often_and_how_long():
    user = UserFactory()
    for duration in (10, 20, 30, 40, 1000):
        happen(user, ENDS, UsageKind.TOOL_CALL, name="web.fetch", duration_ms=duration)
    happen(user, ENDS, UsageKind.TOOL_CALL, name="web.search", outcome=UsageOutcome.FAILED)

    fetch, find = services.tool_performance(period(1), of=user.pk)["tools"]

    assert fetch == {
        "name": "web.fetch",
        "calls": 5,
        "failed": 0,
        "mean_ms": 220,
        "p50_ms": 30,
        "p95_ms": 1000,
        "longest_ms": 1000,
    }
    assert (find["name"], find["failed"], find["p50_ms"]) == ("web.search", 1, None)
    only = services.tool_timeline(period(1), of=user.pk, tool="web.search")["timeline"]
    assert (only[0]["calls"], only[0]["failed"]) == (1, 1)


def test_files_are_counted_by_type_with_their_bytes():
    user = UserFactory()
    pdf, text = "application/pdf", "text/plain"
    happen(user, ENDS, UsageKind.INGESTION, name=pdf, bytes=100, duration_ms=5)
    happen(user, ENDS, UsageKind.INGESTION, name=pdf, bytes=50, outcome=UsageOutcome.FAILED)
    happen(user, ENDS, UsageKind.INGESTION, name=text, bytes=1)

    answer = services.ingestion_stats(period(1), of=user.pk)

    assert [
        (row["name"], row["files"], row["failed"], row["bytes"]) for row in answer["types"]
    ] == [
        (pdf, 2, 1, 150),
        (text, 1, 0, 1),
    ]
    assert answer["timeline"][0] | {"at": 0} == {"at": 0, "files": 3, "failed": 1, "bytes": 151}


def test_a_conversation_is_counted_when_it_begins_and_stays_so_when_it_goes():
    user = UserFactory()
    session = create_session(actor=user)
    SessionFactory()
    session.hard_delete()

    rows = services.session_activity(period_of(ROME, days=1), of=user.pk)["timeline"]

    assert [row["sessions"] for row in rows] == [1]


def test_vectors_for_programs_take_tokens_and_are_no_answers():
    user = UserFactory()
    happen(user, ENDS, tokens_in=2)
    happen(user, ENDS, UsageKind.EMBEDDING, name="e5", tokens_in=40)

    totals = services.overview(period(1), of=user.pk)["totals"]
    told = services.tokens_timeline(period(1), of=user.pk)

    assert (totals["runs"], totals["searches"], totals["tokens_in"]) == (1, 0, 42)
    assert (told["timeline"][0]["runs"], told["timeline"][0]["tokens_in"]) == (1, 42)
    assert {row["name"]: row["tokens_in"] for row in told["models"]} == {"m": 2, "e5": 40}


def test_a_long_list_of_names_ends():
    user = UserFactory()
    for number in range(services.MOST_NAMES + 3):
        happen(user, ENDS, UsageKind.TOOL_CALL, name=f"t{number}")

    tools = services.tool_performance(period(1), of=user.pk)["tools"]

    assert len(tools) == services.MOST_NAMES


def test_each_view_costs_one_statement_or_two(django_assert_num_queries):
    user = UserFactory()
    happen(user, ENDS)
    views = (
        services.overview,
        services.tokens_timeline,
        services.tool_performance,
        services.tool_timeline,
        services.ingestion_stats,
        services.session_activity,
    )
    for view in views:
        # Beside those around each of them: a transaction of the test, so savepoints.
        most = (
            2
            if view in (services.overview, services.tokens_timeline, services.ingestion_stats)
            else 1
        )
        with django_assert_num_queries(3 * most):
            view(period(), of=user.pk)
