"""What was used is written down once, and stays."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import ProgrammingError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.factories import ApiKeyFactory, UserFactory
from groups.tests.factories import GroupFactory, MembershipFactory
from quotas.enums import QuotaKind, UsageKind, UsageOutcome
from quotas.meters import measure_usage
from quotas.models import TokenUsage, UsageEvent
from quotas.services import milliseconds_since, record_usage
from quotas.tests.factories import use_tokens
from quotas.types import QuotaSubject

pytestmark = pytest.mark.django_db


def test_an_event_says_everything_but_what_it_was_about():
    user = UserFactory()
    key = ApiKeyFactory(user=user)
    groups = [MembershipFactory(user=user).group for _ in range(2)]
    gone = MembershipFactory(user=user).group
    gone.soft_delete()
    GroupFactory()

    record_usage(
        UsageKind.RUN,
        user.pk,
        key_id=key.pk,
        name="model",
        outcome=UsageOutcome.STOPPED,
        tokens_in=7,
        tokens_out=3,
        size=11,
        duration_ms=5,
    )

    (event,) = UsageEvent.objects.values()
    assert timezone.now() - event.pop("created_at") < timedelta(minutes=1)
    assert sorted(event.pop("group_ids")) == sorted(group.pk for group in groups)
    assert event.pop("id")
    assert event == {
        "user_id": user.pk,
        "api_key_id": key.pk,
        "kind": "run",
        "name": "model",
        "outcome": "stopped",
        "tokens_in": 7,
        "tokens_out": 3,
        "bytes": 11,
        "duration_ms": 5,
    }


def test_an_event_costs_one_statement_and_only_tokens_are_summed(django_assert_num_queries):
    user = UserFactory()

    with django_assert_num_queries(4):
        use_tokens(user.pk, 5)
        use_tokens(user.pk, 1, 2)
        record_usage(UsageKind.SEARCH, user.pk, name="hybrid")
        record_usage(UsageKind.RUN, user.pk, outcome=UsageOutcome.FAILED)

    assert UsageEvent.objects.count() == 4
    used = TokenUsage.objects.get()
    assert (used.tokens_in, used.tokens_out) == (6, 2)
    assert UsageEvent.objects.filter(group_ids=[]).count() == 4


def test_tokens_are_summed_by_key_and_by_day_of_the_installation(configured, monkeypatch):
    configured("api", time_zone="Europe/Rome")
    user = UserFactory()
    key = ApiKeyFactory(user=user)
    before_midnight = datetime(2026, 11, 25, 22, 59, tzinfo=UTC)
    for moment in (before_midnight, before_midnight + timedelta(minutes=1)):
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        use_tokens(user.pk, 1)
        use_tokens(user.pk, 10, key_id=key.pk)

    rows = TokenUsage.objects.order_by("pk").values_list("day", "api_key", "tokens_in")
    assert [(str(day), key_id, tokens) for day, key_id, tokens in rows] == [
        ("2026-11-25", None, 1),
        ("2026-11-25", key.pk, 10),
        ("2026-11-26", None, 1),
        ("2026-11-26", key.pk, 10),
    ]
    subject = QuotaSubject.of_user(user)
    assert measure_usage(QuotaKind.TOKENS_PER_DAY, subject) == 11
    assert measure_usage(QuotaKind.TOKENS_PER_MONTH, subject) == 22


def test_two_rows_of_one_day_are_summed_and_only_one_grows():
    user = UserFactory()
    for _ in range(3):
        use_tokens(user.pk, 1, 1)
    row = TokenUsage.objects.get()
    row.pk = None
    row.save()

    use_tokens(user.pk, 1)

    assert TokenUsage.objects.filter(user=user).total() == 13


@pytest.mark.parametrize(
    "change",
    [
        {"tokens_in": 0},
        {"name": "other"},
        {"outcome": "failed"},
        {"created_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"duration_ms": 1},
        {"group_ids": ["00000000-0000-0000-0000-000000000000"]},
    ],
)
def test_nothing_of_an_event_is_changed(change):
    use_tokens(UserFactory().pk, 5)

    with pytest.raises(ProgrammingError, match="not changed"), transaction.atomic():
        UsageEvent.objects.update(**change)


def test_an_event_loses_its_user_and_gets_no_other():
    user, other = UserFactory(), UserFactory()
    use_tokens(user.pk, 5)

    with pytest.raises(ProgrammingError, match="not changed"), transaction.atomic():
        UsageEvent.objects.update(user=other)
    UsageEvent.objects.update(user=None, api_key=None, group_ids=None)
    with pytest.raises(ProgrammingError, match="not changed"), transaction.atomic():
        UsageEvent.objects.update(user=other)


def test_events_survive_the_key_and_the_user():
    user = UserFactory()
    key = ApiKeyFactory(user=user)
    use_tokens(user.pk, 5, key_id=key.pk)

    key.delete()
    user.delete()

    (event,) = UsageEvent.objects.all()
    assert (event.user_id, event.api_key_id, event.tokens_in) == (None, None, 5)


def test_a_clock_that_was_set_back_makes_no_negative_duration():
    assert milliseconds_since(None) is None
    assert milliseconds_since(timezone.now() + timedelta(hours=1)) == 0
    assert milliseconds_since(timezone.now() - timedelta(seconds=2)) >= 2000


@pytest.mark.django_db(transaction=True)
def test_events_at_once_are_all_counted():
    user = UserFactory()

    def use(_):
        try:
            for _ in range(10):
                use_tokens(user.pk, 1, 1)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(use, range(6)))

    assert UsageEvent.objects.count() == 60
    assert TokenUsage.objects.filter(user=user).total() == 120


def durability():
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_only_an_event_that_stands_alone_does_without_the_disk():
    user = UserFactory()
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO on")
    try:
        with CaptureQueriesContext(connection) as queries:
            record_usage(UsageKind.SEARCH, user.pk)
        assert "set_config" in queries[0]["sql"]
        assert durability() == "on"
        with transaction.atomic():
            record_usage(UsageKind.SEARCH, user.pk)
            use_tokens(user.pk, 5)
            assert durability() == "on"
    finally:
        connection.close()

    assert UsageEvent.objects.count() == 3
