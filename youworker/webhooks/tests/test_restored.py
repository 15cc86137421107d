"""What a restored installation tells other programs: nothing of the past by itself."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from youworker import audit
from youworker.management.commands import restore
from youworker.webhooks import services
from youworker.webhooks.delivering import UNSENT, distribute_events
from youworker.webhooks.models import Delivery, Event
from youworker.webhooks.tests.receivers import endpoint_at

pytestmark = pytest.mark.django_db


def restored(monkeypatch, what_it_does=lambda: None):
    """Let the command restore what is in the database already."""

    def pretend(*_args, **_kwargs):
        what_it_does()
        return SimpleNamespace(erased_again=0)

    monkeypatch.setattr(restore, "restore_backup", pretend)
    return restore.Command().read(None, "20260101T000000Z", None, lambda _done: None)


def test_what_waited_in_the_backup_is_not_sent_by_itself(monkeypatch):
    endpoint_at("https://example.org/hook")
    staff = UserFactory(is_staff=True)
    audit.record("user.login", actor=staff)
    distribute_events()
    audit.record("user.logout", actor=staff)
    Event.objects.update(created_at=timezone.now() - timedelta(hours=5))
    Event.objects.filter(action="user.login").update(distributed=True)
    endpoint = Delivery.objects.get().endpoint
    type(endpoint).objects.update(created_at=timezone.now() - timedelta(days=1))

    restored(monkeypatch, lambda: audit.record("backup.restore", actor=None))
    distribute_events()

    left = Delivery.objects.exclude(status="pending")
    assert {(one.event.action, one.status, one.error) for one in left} == {
        ("user.login", "failed", UNSENT),
        ("user.logout", "failed", UNSENT),
    }
    assert [one.event.action for one in Delivery.objects.due()] == ["backup.restore"]
    services.resend_delivery(left.get(event__action="user.login"), actor=staff)
    assert Delivery.objects.due().count() == 2


def test_what_arrived_stays_as_it_is(monkeypatch):
    endpoint_at("https://example.org/hook")
    audit.record("user.login", actor=UserFactory())
    distribute_events()
    Delivery.objects.update(status="delivered")

    restored(monkeypatch)

    assert Delivery.objects.get().status == "delivered"
