"""Staff pages of limits."""

import pytest
from auditlog.models import LogEntry
from django.test import Client

from accounts.tests.factories import UserFactory
from groups.tests.factories import MembershipFactory
from quotas.models import Quota


@pytest.fixture
def pages(db):
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("count", [1, 3])
def test_quota_list_keeps_the_same_number_of_queries(pages, count, django_assert_num_queries):
    quotas = [Quota.objects.create(user=UserFactory(), documents=5) for _ in range(count)]

    with django_assert_num_queries(5):  # session, user, estimate, count, page
        answer = pages.get("/admin/quotas/quota/")

    assert all(quota.user.username.encode() in answer.content for quota in quotas)


def test_quotas_are_set_changed_and_removed_with_an_audit_line_each(pages):
    user = UserFactory()
    empty = dict.fromkeys(
        (
            "user",
            "group",
            "api_key",
            "tokens_per_day",
            "tokens_per_month",
            "stored_bytes",
            "documents",
            "runs_at_once",
        ),
        "",
    )

    pages.post("/admin/quotas/quota/add/", {**empty, "user": user.pk, "documents": 5})
    quota = Quota.objects.get(user=user)
    url = f"/admin/quotas/quota/{quota.pk}"
    pages.post(f"{url}/change/", {**empty, "user": user.pk, "documents": 7})
    quota.refresh_from_db()
    pages.post(f"{url}/delete/", {"post": "yes"})

    assert quota.documents == 7
    assert not Quota.objects.exists()
    lines = LogEntry.objects.filter(additional_data__action="admin.settings.update")
    assert [line.additional_data["fields"] for line in lines.order_by("pk")] == [
        ["user", "documents"],
        ["documents"],
        ["deleted"],
    ]


def test_a_quota_of_two_subjects_is_refused_with_a_sentence(pages):
    membership = MembershipFactory()
    both = {"user": membership.user.pk, "group": membership.group.pk, "documents": 1}

    answer = pages.post("/admin/quotas/quota/add/", both)

    assert b"one of them" in answer.content
    assert not Quota.objects.exists()
