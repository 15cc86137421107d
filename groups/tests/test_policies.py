"""Which limits are in force for somebody."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import ApiKeyFactory, UserFactory
from groups.enums import Measure
from groups.exceptions import QuotaExceeded, StorageQuotaExceeded
from groups.models import Quota
from groups.policies import end_of, limits_for, require_room, start_of
from groups.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


def found(user, key=None):
    return {
        (limit.subject.kind, limit.measure.value): limit.most for limit in limits_for(user, key)
    }


def test_without_rows_and_settings_nothing_is_limited():
    assert limits_for(UserFactory()) == []


def test_a_users_row_beats_the_deployments_limit(configured):
    configured("quota", tokens_per_day=100, documents=5)
    user = UserFactory()
    Quota.objects.create(user=user, tokens_per_day=7)

    assert found(user) == {("user", "tokens_per_day"): 7, ("user", "documents"): 5}
    assert found(UserFactory())[("user", "tokens_per_day")] == 100


def test_nothing_at_all_can_be_allowed():
    user = UserFactory()
    Quota.objects.create(user=user, runs_at_once=0)

    assert found(user) == {("user", "runs_at_once"): 0}


def test_limits_of_groups_and_of_the_key_that_is_shown_count_as_well(django_assert_num_queries):
    user = UserFactory()
    groups = [MembershipFactory(user=user).group for _ in range(2)]
    for group in groups:
        Quota.objects.create(group=group, tokens_per_month=50)
    key = ApiKeyFactory(user=user)
    Quota.objects.create(api_key=key, runs_at_once=1)
    gone = MembershipFactory(user=user).group
    Quota.objects.create(group=gone, documents=1)
    gone.soft_delete()
    Quota.objects.create(group=MembershipFactory().group, documents=1)

    with django_assert_num_queries(1):
        limits = limits_for(user, key.pk)

    assert sorted(limit.subject.kind for limit in limits) == ["api_key", "group", "group"]
    assert ("api_key", "runs_at_once") not in found(user)


def test_a_group_is_measured_as_a_whole_and_a_key_by_itself():
    user = UserFactory()
    group = MembershipFactory(user=user).group
    other = MembershipFactory(group=group).user
    Quota.objects.create(group=group, documents=3)

    (limit,) = limits_for(user)

    assert {row["user_id"] for row in limit.subject.owners()} == {user.pk, other.pk}
    assert limit.subject.key_id is None


def test_the_last_place_is_given_and_the_next_refused():
    user = UserFactory()
    Quota.objects.create(user=user, runs_at_once=2, documents=2)
    limits = limits_for(user)

    require_room(limits, Measure.RUNS_AT_ONCE, lambda _: 1, adding=1)
    with pytest.raises(QuotaExceeded, match="used 2 of 2 answers at the same time") as refusal:
        require_room(limits, Measure.RUNS_AT_ONCE, lambda _: 2, adding=1)
    with pytest.raises(StorageQuotaExceeded, match="1 of 2 documents"):
        require_room(limits, Measure.DOCUMENTS, lambda _: 1, adding=2)

    assert refusal.value.wait == 5
    assert refusal.value.status == 429


def test_counting_waits_for_whoever_counts_the_same():
    user = UserFactory()
    Quota.objects.create(user=user, runs_at_once=2)
    limits = limits_for(user)

    with CaptureQueriesContext(connection) as queries:
        require_room(limits, Measure.RUNS_AT_ONCE, lambda _: 0, adding=1)
        require_room(limits, Measure.DOCUMENTS, lambda _: 0, adding=1)

    assert [("pg_advisory_xact_lock" in query["sql"]) for query in queries] == [True]


def test_days_and_months_begin_in_the_deployments_time_zone(configured):
    configured("api", time_zone="Europe/Rome")
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    assert start_of(Measure.TOKENS_PER_DAY, late).isoformat() == "2027-01-01T00:00:00+01:00"
    assert end_of(Measure.TOKENS_PER_DAY, late).isoformat() == "2027-01-02T00:00:00+01:00"
    assert end_of(Measure.TOKENS_PER_MONTH, late).isoformat() == "2027-02-01T00:00:00+01:00"


def test_a_day_that_is_longer_than_24_hours_ends_at_midnight(configured):
    configured("api", time_zone="Europe/Rome")
    turning = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    assert end_of(Measure.TOKENS_PER_DAY, turning).isoformat() == "2026-10-26T00:00:00+01:00"


@pytest.mark.parametrize("subjects", [0, 2])
def test_a_row_is_of_exactly_one_subject(subjects):
    user, group = UserFactory(), MembershipFactory().group
    chosen = {"user": user, "group": group} if subjects else {}

    with pytest.raises(IntegrityError, match="quota_of_one_subject"), transaction.atomic():
        Quota.objects.create(documents=1, **chosen)


def test_a_key_has_no_files():
    with pytest.raises(IntegrityError, match="quota_of_key_without_files"), transaction.atomic():
        Quota.objects.create(api_key=ApiKeyFactory(), documents=1)
