"""What was used is forgotten in time, and not before."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.tests.factories import UserFactory
from groups.models import LegalHold
from quotas import retention
from quotas.models import TokenUsage, UsageEvent
from quotas.tests.factories import use_tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def use_days_ago(monkeypatch):
    def use(user, days):
        moment = timezone.now() - timedelta(days=days)
        with monkeypatch.context() as patch:
            patch.setattr(timezone, "now", lambda: moment)
            use_tokens(user.pk, 5)

    return use


def deleted(events, days):
    return {"usage_events_deleted": events, "token_days_deleted": days}


def test_what_is_old_goes_a_batch_at_a_time(configured, monkeypatch, use_days_ago):
    configured("privacy", usage_retention_days=100)
    monkeypatch.setattr(retention, "BATCH", 2)
    user = UserFactory()
    for days in (0, 99, 101, 102, 103, 104, 105):
        use_days_ago(user, days)
    UsageEvent.objects.filter(pk=UsageEvent.objects.last().pk).update(user=None)

    assert retention.apply_retention(dry_run=True) == deleted(5, 5)
    assert UsageEvent.objects.count() == TokenUsage.objects.count() == 7
    output = StringIO()
    call_command("apply_retention", stdout=output)
    assert output.getvalue().split("\n")[2:4] == [
        "usage_events_deleted: 5",
        "token_days_deleted: 5",
    ]
    assert retention.apply_retention() == deleted(0, 0)
    assert UsageEvent.objects.count() == TokenUsage.objects.count() == 2


def test_nothing_goes_without_a_rule(configured, use_days_ago):
    configured("privacy", usage_retention_days=0)
    use_days_ago(UserFactory(), 3000)

    assert retention.apply_retention() == deleted(0, 0)


def test_the_tokens_of_a_month_stay_for_the_quotas(configured, use_days_ago):
    configured("privacy", usage_retention_days=1)
    use_days_ago(UserFactory(), 31)

    assert retention.apply_retention() == deleted(1, 0)


def test_what_is_held_stays(configured, use_days_ago):
    configured("privacy", usage_retention_days=100)
    held = UserFactory()
    use_days_ago(held, 200)
    LegalHold.objects.create(user=held, reason="a case")

    assert retention.apply_retention(dry_run=True) == deleted(0, 0)
    assert retention.apply_retention() == deleted(0, 0)
    LegalHold.objects.update(released_at=timezone.now())
    assert retention.apply_retention() == deleted(1, 1)
