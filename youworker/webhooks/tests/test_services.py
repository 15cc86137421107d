"""Adding, changing, pausing and removing webhooks, and what of it is audited."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.tests.factories import UserFactory
from youworker.core.exceptions import Forbidden, InvalidInput, NotFound
from youworker.webhooks import services
from youworker.webhooks.enums import SUBSCRIBABLE, TEST
from youworker.webhooks.exceptions import EndpointPaused, TooManyEndpoints
from youworker.webhooks.models import Delivery, Endpoint, Event
from youworker.webhooks.tests.receivers import endpoint_at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback_allowed")]
URL = "http://127.0.0.1:9/hook"


@pytest.fixture
def staff():
    return UserFactory(is_staff=True)


def test_a_secret_is_stored_encrypted(staff):
    endpoint, secret = services.create_endpoint(URL, actions=["user.login"], actor=staff)

    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM webhooks_endpoint")
        stored = cursor.fetchone()[0]
    assert secret.startswith("whsec_")
    assert secret not in stored
    assert Endpoint.objects.get(pk=endpoint.pk).secret == secret


@pytest.mark.parametrize(
    ("url", "attr"),
    [
        ("", "url"),
        ("ftp://example.org", "url"),
        ("https://user:password@example.org/", "url"),
        ("https://exa mple.org/", "url"),
        ("http://10.0.0.1/hook", "url"),
        ("https://169.254.169.254/latest", "url"),
        ("https://[::ffff:10.0.0.1]/", "url"),
        ("http://93.184.216.34/hook", "url"),
        (f"https://127.0.0.1/{'x' * 1001}", "url"),
    ],
)
def test_addresses_that_are_refused(staff, url, attr):
    with pytest.raises(InvalidInput) as refusal:
        services.create_endpoint(url, actions=["*"], actor=staff)

    assert refusal.value.attr == attr
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize("actions", [[], ["user.fly"], ["user.login", TEST]])
def test_actions_that_are_refused(staff, actions):
    with pytest.raises(InvalidInput) as refusal:
        services.create_endpoint(URL, actions=actions, actor=staff)

    assert refusal.value.attr == "actions"


def test_every_action_can_be_subscribed(staff):
    endpoint, _ = services.create_endpoint(URL, actions=SUBSCRIBABLE, actor=staff)

    assert set(endpoint.actions) == set(SUBSCRIBABLE)


def test_nobody_but_staff_does_anything(staff):
    endpoint = endpoint_at(URL)
    delivery = services.send_test(endpoint, actor=staff)
    person = UserFactory()

    for act in (
        lambda: services.create_endpoint(URL, actions=["*"], actor=person),
        lambda: services.update_endpoint(endpoint, description="x", actor=person),
        lambda: services.rotate_secret(endpoint, actor=person),
        lambda: services.pause_endpoint(endpoint, actor=person),
        lambda: services.resume_endpoint(endpoint, actor=person),
        lambda: services.send_test(endpoint, actor=person),
        lambda: services.resend_delivery(delivery, actor=person),
        lambda: services.delete_endpoint(endpoint, actor=person),
    ):
        with pytest.raises(Forbidden):
            act()


def test_there_is_an_end_to_webhooks(staff, monkeypatch):
    monkeypatch.setattr(services, "MOST_ENDPOINTS", 1)
    endpoint_at(URL)

    with pytest.raises(TooManyEndpoints):
        services.create_endpoint(URL, actions=["*"], actor=staff)


def test_what_is_done_to_webhooks_is_audited_without_addresses(staff):
    endpoint, _ = services.create_endpoint(URL, actions=["*"], description="Siem", actor=staff)
    services.update_endpoint(endpoint, url=f"{URL}/two", actions=["user.login"], actor=staff)
    services.update_endpoint(endpoint, actor=staff)
    services.rotate_secret(endpoint, actor=staff)
    services.pause_endpoint(endpoint, actor=staff)
    services.pause_endpoint(endpoint, actor=staff)
    services.resume_endpoint(endpoint, actor=staff)
    services.delete_endpoint(endpoint, actor=staff)

    lines = [one.additional_data for one in LogEntry.objects.order_by("pk")]
    assert [one["action"] for one in lines] == [
        "webhook.create",
        "webhook.update",
        "webhook.secret.rotate",
        "webhook.pause",
        "webhook.resume",
        "webhook.delete",
    ]
    assert lines[0]["actions"] == ["everything"]
    assert lines[1]["fields"] == ["actions", "url"]
    assert "Siem" not in str(lines)
    assert "127.0.0.1" not in str(lines)


def test_a_double_click_does_not_lose_the_secret_that_receivers_have(staff):
    endpoint, known = services.create_endpoint(URL, actions=["*"], actor=staff)

    lost = services.rotate_secret(endpoint, actor=staff)
    shown = services.rotate_secret(endpoint, actor=staff)

    endpoint.refresh_from_db()
    assert endpoint.secrets == [shown, known]
    assert lost not in endpoint.secrets

    Endpoint.objects.update(former_secret_until=timezone.now() + timedelta(hours=23))
    later = services.rotate_secret(endpoint, actor=staff)
    endpoint.refresh_from_db()
    assert endpoint.secrets == [later, shown]


def test_paused_ones_are_sent_neither_tests_nor_anything_again(staff):
    endpoint = endpoint_at(URL)
    delivery = services.send_test(endpoint, actor=staff)
    services.pause_endpoint(endpoint, actor=staff)

    with pytest.raises(EndpointPaused):
        services.send_test(endpoint, actor=staff)
    with pytest.raises(EndpointPaused):
        services.resend_delivery(delivery, actor=staff)


def test_something_is_sent_again_under_its_id(staff):
    endpoint = endpoint_at(URL, failures=3)
    delivery = services.send_test(endpoint, actor=staff)
    Delivery.objects.update(status="failed", attempts=9)
    delivery.refresh_from_db()

    services.resend_delivery(delivery, actor=staff)

    again = Delivery.objects.due().get()
    assert (again.pk, again.attempts, again.event_id) == (delivery.pk, 0, Event.objects.get().pk)


def test_a_removed_webhook_is_not_there(staff):
    endpoint = endpoint_at(URL)
    services.send_test(endpoint, actor=staff)
    services.delete_endpoint(Endpoint.objects.get(), actor=staff)

    assert not Delivery.objects.exists()
    with pytest.raises(NotFound):
        services.rotate_secret(endpoint, actor=staff)
    with pytest.raises(NotFound):
        services.update_endpoint(endpoint, description="x", actor=staff)


def test_lists_name_an_address_by_its_host_alone():
    endpoint = endpoint_at("https://hooks.example.org/services/T0/s3cret?key=s3cret")
    services.send_test(endpoint, actor=UserFactory(is_staff=True))
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    for model, row in (("endpoint", endpoint), ("delivery", Delivery.objects.get())):
        page = f"/admin/webhooks/{model}/"
        body = {"action": "export_rows", "_selected_action": [str(row.pk)]}
        for answer in (client.get(page), client.post(page, body)):
            assert "hooks.example.org" in answer.content.decode()
            assert "s3cret" not in answer.content.decode()
