"""Which limits are in force for somebody."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from accounts.tests.factories import ApiKeyFactory, UserFactory
from groups.tests.factories import MembershipFactory
from quotas import meters
from quotas.enums import Period, QuotaKind
from quotas.exceptions import QuotaExceeded, StorageQuotaExceeded
from quotas.models import Quota
from quotas.policies import enforce_quota, find_limits
from quotas.types import end_of, start_of

pytestmark = pytest.mark.django_db


def found(user, key=None):
    return {(limit.subject.kind, limit.kind.value): limit.most for limit in find_limits(user, key)}


def test_without_rows_and_settings_nothing_is_limited():
    assert find_limits(UserFactory()) == []


def test_a_users_row_beats_the_installations_limit(configured):
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
        limits = find_limits(user, key.pk)

    assert sorted(limit.subject.kind for limit in limits) == ["api_key", "group", "group"]
    assert ("api_key", "runs_at_once") not in found(user)


def test_a_group_is_measured_as_a_whole_and_a_key_by_itself():
    user = UserFactory()
    group = MembershipFactory(user=user).group
    other = MembershipFactory(group=group).user
    Quota.objects.create(group=group, documents=3)

    (limit,) = find_limits(user)

    assert {row["user_id"] for row in limit.subject.user_ids()} == {user.pk, other.pk}
    assert limit.subject.key_id is None


@pytest.fixture
def used(monkeypatch):
    """Lets every subject have used as much as the test says."""
    figures = dict.fromkeys(QuotaKind, 0)
    for kind in QuotaKind:
        monkeypatch.setitem(meters.meters, kind, lambda _, kind=kind: figures[kind])
    return figures


def test_the_last_place_is_given_and_the_next_refused(used):
    user = UserFactory()
    Quota.objects.create(user=user, runs_at_once=2, documents=2)
    limits = find_limits(user)

    used |= {QuotaKind.RUNS_AT_ONCE: 1, QuotaKind.DOCUMENTS: 1}
    enforce_quota(limits, {QuotaKind.RUNS_AT_ONCE: 1})
    with pytest.raises(StorageQuotaExceeded, match="1 of 2 documents"):
        enforce_quota(limits, {QuotaKind.DOCUMENTS: 2})
    used[QuotaKind.RUNS_AT_ONCE] = 2
    with pytest.raises(QuotaExceeded, match="used 2 of 2 answers at the same time") as refusal:
        enforce_quota(limits, {QuotaKind.RUNS_AT_ONCE: 1})

    assert refusal.value.wait == 5
    assert refusal.value.status == 429


def test_only_what_is_asked_for_is_refused_in_the_order_it_is_asked_for(used):
    user = UserFactory()
    Quota.objects.create(user=user, runs_at_once=0, tokens_per_day=0, documents=0)
    limits = find_limits(user)

    with pytest.raises(QuotaExceeded, match="tokens a day"):
        enforce_quota(limits, {QuotaKind.TOKENS_PER_DAY: 1, QuotaKind.RUNS_AT_ONCE: 1})
    with pytest.raises(QuotaExceeded, match="answers at the same time"):
        enforce_quota(limits, {QuotaKind.RUNS_AT_ONCE: 1, QuotaKind.TOKENS_PER_DAY: 1})
    enforce_quota(limits, {QuotaKind.TOKENS_PER_MONTH: 1})


def test_room_for_files_is_told_as_people_read_it(used):
    user = UserFactory()
    Quota.objects.create(user=user, stored_bytes=5 * 2**20)
    used[QuotaKind.STORED_BYTES] = 4 * 2**20 + 2**19

    with pytest.raises(StorageQuotaExceeded) as refusal:
        enforce_quota(find_limits(user), {QuotaKind.STORED_BYTES: 2**20})

    with override("it"):
        told = refusal.value.in_words().replace("\N{NO-BREAK SPACE}", " ")
    assert told == "Hai usato 4,5 MB di 5,0 MB di file archiviati."


def test_counting_waits_for_whoever_counts_the_same(used):
    user = UserFactory()
    group = MembershipFactory(user=user).group
    Quota.objects.create(user=user, runs_at_once=2)
    Quota.objects.create(group=group, runs_at_once=2, tokens_per_day=9)
    limits = find_limits(user)
    amounts = {QuotaKind.TOKENS_PER_DAY: 1, QuotaKind.RUNS_AT_ONCE: 1, QuotaKind.DOCUMENTS: 1}

    with CaptureQueriesContext(connection) as queries:
        enforce_quota(limits, amounts)

    (lock,) = queries  # for both limits at once, and none for the tokens
    assert "pg_advisory_xact_lock" in lock["sql"]
    assert lock["sql"].count("quota:runs_at_once:") == 2
    assert "tokens" not in lock["sql"]


def test_every_kind_has_one_meter_and_a_setting(configured):
    assert set(meters.meters) == set(QuotaKind)
    with pytest.raises(ValueError, match="has a meter already"):
        meters.register_meter(QuotaKind.DOCUMENTS)(lambda _: 0)
    configured("quota", **dict.fromkeys(QuotaKind.values, 3))
    assert {limit.kind: limit.most for limit in find_limits(UserFactory())} == dict.fromkeys(
        QuotaKind, 3
    )


def test_days_and_months_begin_in_the_installations_time_zone(configured):
    configured("api", time_zone="Europe/Rome")
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    assert start_of(Period.DAY, late).isoformat() == "2027-01-01T00:00:00+01:00"
    assert end_of(Period.DAY, late).isoformat() == "2027-01-02T00:00:00+01:00"
    assert end_of(Period.MONTH, late).isoformat() == "2027-02-01T00:00:00+01:00"


def test_a_day_that_is_longer_than_24_hours_ends_at_midnight(configured):
    configured("api", time_zone="Europe/Rome")
    turning = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    assert end_of(Period.DAY, turning).isoformat() == "2026-10-26T00:00:00+01:00"


@pytest.mark.parametrize("subjects", [0, 2])
def test_a_row_is_of_exactly_one_subject(subjects):
    user, group = UserFactory(), MembershipFactory().group
    chosen = {"user": user, "group": group} if subjects else {}

    with pytest.raises(IntegrityError, match="quota_of_one_subject"), transaction.atomic():
        Quota.objects.create(documents=1, **chosen)


def test_a_key_has_no_files():
    with pytest.raises(IntegrityError, match="quota_of_key_without_files"), transaction.atomic():
        Quota.objects.create(api_key=ApiKeyFactory(), documents=1)
