"""What the triggers put into the outbox, at what cost, and for how long it stays there."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from chat.enums import RunStatus
from chat.models import Run
from chat.tests.factories import RunFactory
from youworker import audit
from youworker.webhooks import health
from youworker.webhooks.delivering import distribute_events
from youworker.webhooks.enums import RUN_END
from youworker.webhooks.models import Delivery, Endpoint, Event
from youworker.webhooks.services import forget_events
from youworker.webhooks.tests.receivers import endpoint_at

pytestmark = pytest.mark.django_db
URL = "https://example.org/hook"


def test_without_an_endpoint_nothing_is_written():
    audit.record("user.login", actor=UserFactory())

    assert not Event.objects.exists()


@pytest.mark.parametrize("endpoints", [0, 3])
def test_an_audited_act_costs_no_statement_more(endpoints, django_assert_num_queries):
    for _ in range(endpoints):
        endpoint_at(URL)
    user = UserFactory()
    audit.record("user.login", actor=user)

    with django_assert_num_queries(1):
        audit.record("user.login", actor=user)

    assert Event.objects.count() == (2 if endpoints else 0)


def test_only_what_somebody_asked_for_is_collected():
    endpoint_at(URL, actions=["user.login"])
    endpoint_at(URL, actions=["user.login", "group.create"], state="paused")
    endpoint_at(URL, actions=["user.logout"], state="gone")
    for action in ("user.login", "user.logout", "group.create", "user.delete"):
        audit.record(action, actor=UserFactory())

    assert sorted(Event.objects.values_list("action", flat=True)) == ["group.create", "user.login"]
    assert distribute_events() == 2
    assert Delivery.objects.count() == 3
    assert distribute_events() == 0


def test_an_audited_act_is_told_by_ids():
    endpoint_at(URL)
    user, other = UserFactory(username="ada"), UserFactory(username="bob")
    audit.record("admin.user.delete", actor=user, target=other, result="denied", rows=3)

    event = Event.objects.get()
    entry = audit.lines.LogEntry.objects.get()
    assert event.created_at == entry.timestamp
    assert event.data == {
        "audit_id": entry.pk,
        "result": "denied",
        "actor_id": str(user.pk),
        "api_key_id": None,
        "object_type": "User",
        "object_id": str(other.pk),
        "network_address": None,
        "correlation_id": None,
        "details": {"rows": 3},
    }


@pytest.mark.parametrize("status", ["succeeded", "failed", "stopped", "interrupted"])
def test_the_end_of_a_run_is_told_once_and_without_content(status):
    endpoint_at(URL, actions=[RUN_END])
    run = RunFactory(status=RunStatus.RUNNING, model="quote")

    Run.objects.filter(pk=run.pk).update(status=RunStatus.WAITING_APPROVAL)
    Run.objects.filter(pk=run.pk).update(status=status, error_detail="")
    Run.objects.filter(pk=run.pk).update(status=status, tokens_in=3)

    data = Event.objects.get().data
    assert (data["run_id"], data["session_id"]) == (str(run.pk), str(run.session_id))
    assert (data["user_id"], data["status"]) == (str(run.user_id), status)
    assert set(data) == {
        *("run_id", "session_id", "user_id", "message_id", "api_key_id", "status"),
        *("error_code", "model", "tokens_in", "tokens_out", "correlation_id"),
    }


def test_a_new_endpoint_is_not_told_what_was_before_it():
    endpoint_at(URL)
    audit.record("user.login", actor=UserFactory())
    later = endpoint_at(URL)

    distribute_events()

    assert not Delivery.objects.filter(endpoint=later).exists()


def test_the_outbox_of_a_paused_endpoint_has_an_end():
    endpoint_at(URL, state="paused")
    for _ in range(3):
        audit.record("user.login", actor=UserFactory())
    distribute_events()
    old = Event.objects.order_by("pk")[:2]
    Event.objects.filter(pk__in=[one.pk for one in old]).update(
        created_at=timezone.now() - timedelta(days=15)
    )

    assert forget_events() == 2
    assert (Event.objects.count(), Delivery.objects.count()) == (1, 1)
    assert forget_events() == 0


def test_health_tells_of_broken_ones_and_of_nobody_sending():
    assert health.check_webhooks() == {"webhooks": 0}
    endpoint_at(URL)
    assert health.check_webhooks()["warning"] is False
    endpoint_at(URL, state="failing")
    said = health.check_webhooks()
    assert (said["active"], said["failing"], said["warning"]) == (1, 1, True)
    assert said["detail"].startswith("1 paused after failures")

    audit.record("user.login", actor=UserFactory())
    distribute_events()
    assert health.check_webhooks()["waiting"] == 2
    long_ago = timezone.now() - timedelta(hours=1)
    Delivery.objects.update(due_at=long_ago)
    assert health.check_webhooks()["waiting"] == 2
    Endpoint.objects.update(updated_at=long_ago)
    with pytest.raises(LookupError, match="look at the worker"):
        health.check_webhooks()
    Endpoint.objects.update(rest_until=timezone.now())
    assert health.check_webhooks()["failing"] == 1
    Event.objects.update(distributed=False, created_at=long_ago)
    with pytest.raises(LookupError, match="look at the worker"):
        health.check_webhooks()
