"""What quotas read stays small, however much was used."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.factories import UserFactory
from groups.models import Membership
from groups.tests.factories import GroupFactory
from quotas.enums import QuotaKind, SubjectKind
from quotas.meters import measure_usage
from quotas.models import TokenUsage
from quotas.tests.factories import use_tokens
from quotas.types import QuotaSubject

pytestmark = pytest.mark.django_db


def test_tokens_are_measured_by_their_sums_alone():
    user = UserFactory()
    use_tokens(user.pk, 5)

    with CaptureQueriesContext(connection) as queries:
        assert measure_usage(QuotaKind.TOKENS_PER_MONTH, QuotaSubject.of_user(user)) == 5

    (query,) = queries
    assert "quotas_tokenusage" in query["sql"]
    assert "quotas_usageevent" not in query["sql"]


def test_days_that_do_not_count_are_not_read():
    group, others = GroupFactory(), UserFactory.create_batch(40)
    members = others[:4]
    Membership.objects.bulk_create(Membership(group=group, user=user) for user in members)
    today = timezone.now().date()
    TokenUsage.objects.bulk_create(
        TokenUsage(user=user, day=today - timedelta(days=days), tokens_in=1)
        for user in others
        for days in range(400)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE quotas_tokenusage, groups_membership")

    for subject in (
        QuotaSubject.of_user(members[0]),
        QuotaSubject(SubjectKind.GROUP, group.pk, group.name),
    ):
        used = TokenUsage.objects.since(today).used_by(subject)
        plan = used.values("tokens_in").explain()
        assert "token_usage_of_user" in plan
        assert "Seq Scan on quotas_tokenusage" not in plan
