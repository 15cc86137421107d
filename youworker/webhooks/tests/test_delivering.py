"""Events on their way to real servers that are well, slow, broken, gone or hostile."""

import json
import threading
from datetime import timedelta
from ipaddress import ip_address

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from standardwebhooks import Webhook

from accounts.tests.factories import UserFactory
from youworker import audit
from youworker.tests.support.configuring import override_config
from youworker.tests.support.ports import free_port
from youworker.upstream import egress
from youworker.upstream.tests.test_fetcher import certificate
from youworker.webhooks import delivering, sending, settling, tasks
from youworker.webhooks.delivering import deliver_due, distribute_events
from youworker.webhooks.enums import DeliveryStatus, EndpointState
from youworker.webhooks.models import Delivery, Endpoint, Event
from youworker.webhooks.services import resume_endpoint, rotate_secret
from youworker.webhooks.tests.receivers import (
    answer,
    drip,
    endpoint_at,
    hang,
    pour,
    receiving,
    slow_body,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback_allowed")]


def happen(count=1):
    for user in UserFactory.create_batch(count):
        audit.record("user.update", actor=user, fields=["language"])


def make_due():
    Delivery.objects.update(due_at=timezone.now())
    Endpoint.objects.update(rest_until=None)


def test_an_event_arrives_once_with_a_signature_that_the_standard_verifies():
    with receiving(answer()) as receiver:
        endpoint = endpoint_at(receiver.url)
        happen()

        assert deliver_due() == 1
        assert deliver_due() == 0

    headers, body = receiver.received[0]
    message = Webhook(endpoint.secret).verify(body, headers)
    event = Event.objects.get()
    delivery = Delivery.objects.get()
    assert len(receiver.received) == 1
    assert headers["webhook-id"] == str(event.pk)
    assert message["type"] == "user.update"
    assert message["timestamp"].endswith("Z")
    assert message["data"]["details"] == {"fields": ["language"]}
    assert (delivery.status, delivery.attempts, delivery.status_code) == ("delivered", 1, 204)
    assert [one["status"] for one in delivery.log] == [204]
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.busy_until) == (0, None)
    assert endpoint.last_success_at is not None


def test_a_failure_is_tried_again_later_with_the_same_id_and_body():
    with receiving(answer(500, b'{"error": "full"}'), answer(200)) as receiver:
        endpoint_at(receiver.url)
        happen()

        deliver_due()
        delivery = Delivery.objects.get()
        assert (delivery.status, delivery.error) == ("pending", 'Status 500: {"error": "full"}')
        assert timedelta(seconds=4) < delivery.due_at - timezone.now() < timedelta(seconds=7)
        assert deliver_due() == 0
        make_due()
        deliver_due()

    (first, body), (second, same) = receiver.received
    delivery.refresh_from_db()
    assert (first["webhook-id"], body) == (second["webhook-id"], same)
    assert (delivery.status, delivery.attempts, delivery.error) == ("delivered", 2, "")
    assert [one["status"] for one in delivery.log] == [500, 200]


@pytest.mark.parametrize("behaviour", [hang, drip])
def test_one_that_does_not_answer_costs_its_time_and_holds_up_nobody(behaviour):
    quickly = override_config("webhook", timeout_seconds=1)
    with quickly, receiving(behaviour) as slow, receiving(answer()) as quick:
        broken, well = endpoint_at(slow.url), endpoint_at(quick.url)
        happen(2)

        deliver_due()

        said = Delivery.objects.filter(endpoint=broken).exclude(attempts=0).first()
        assert "within 1 s" in said.error
        assert Delivery.objects.filter(endpoint=well).counted() == {"delivered": 2}
        assert Delivery.objects.filter(endpoint=broken).counted() == {"pending": 2}


def test_what_happens_while_a_slow_one_is_waited_for_is_sent_to_the_others():
    seen = threading.Event()

    def wait_for_the_other(handler, receiver):
        seen.wait(20)
        answer()(handler, receiver)

    def note(handler, receiver):
        seen.set()
        answer()(handler, receiver)

    with receiving(wait_for_the_other) as slow, receiving(note) as quick:
        endpoint_at(slow.url)
        happen()
        distribute_events()
        # Not due before the slow one is already being waited for.
        other = endpoint_at(quick.url)
        later = timezone.now() + timedelta(seconds=0.6)
        Delivery.objects.create(endpoint=other, event=Event.objects.get(), due_at=later)

        assert deliver_due() == 2

    assert Delivery.objects.counted() == {"delivered": 2}


def test_a_body_without_end_is_read_to_its_first_kilobyte():
    with receiving(pour) as receiver:
        endpoint_at(receiver.url)
        happen()

        deliver_due()

    error = Delivery.objects.get().error
    assert error.startswith("Status 500: broken xxx")
    assert len(error) <= 512


def test_a_success_counts_before_its_body_has_arrived():
    with receiving(slow_body) as receiver:
        endpoint_at(receiver.url)
        happen()

        deliver_due()

        assert Delivery.objects.get().status == DeliveryStatus.DELIVERED


def test_redirects_are_not_followed():
    with receiving(answer()) as hidden, receiving(answer(302, Location=hidden.url)) as receiver:
        endpoint_at(receiver.url)
        happen()

        deliver_due()

        assert hidden.received == []
    assert Delivery.objects.get().error == "Status 302: redirects are not followed."


def test_private_addresses_are_refused_when_they_are_used(monkeypatch):
    monkeypatch.setattr(egress, "allowed_entries", tuple)
    with receiving(answer()) as receiver:
        endpoint_at(receiver.url)
        happen()

        deliver_due()

        assert receiver.received == []
    delivery = Delivery.objects.get()
    assert (delivery.error, delivery.status_code) == ("localhost is not a public address.", None)


def test_http_is_only_for_what_an_operator_allows(monkeypatch):
    async def find_public(host, port):
        return [ip_address("93.184.216.34")]

    monkeypatch.setattr(sending, "find_permitted_addresses", find_public)
    endpoint_at("http://example.org/hook")
    happen()

    deliver_due()

    assert "needs https" in Delivery.objects.get().error


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path):
    with receiving(answer(), tls=certificate(tmp_path, "localhost")[0]) as receiver:
        endpoint_at(receiver.url)
        happen()

        deliver_due()

        assert receiver.received == []
    assert "certificate" in Delivery.objects.get().error


def test_nobody_listening_is_said():
    endpoint_at(f"http://localhost:{free_port()}/secret-path")
    happen()

    deliver_due()

    error = Delivery.objects.get().error
    assert error.startswith("localhost did not answer")
    assert "secret-path" not in error


def test_one_that_is_gone_is_switched_off_and_collects_nothing_more():
    with receiving(answer(410)) as receiver:
        endpoint = endpoint_at(receiver.url)
        happen()
        deliver_due()
        happen()
        deliver_due()

    endpoint.refresh_from_db()
    assert endpoint.state == EndpointState.GONE
    assert len(receiver.received) == 1
    # The second act, and the pause itself, are in nobody's outbox.
    assert Event.objects.count() == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_pause_that_is_asked_for_is_kept(status):
    with receiving(answer(status, Retry_After="1800"), answer()) as receiver:
        endpoint = endpoint_at(receiver.url)
        happen(2)
        distribute_events()
        Endpoint.objects.update(failures=1)

        deliver_due()

    endpoint.refresh_from_db()
    waiting = timedelta(seconds=1790)
    assert endpoint.rest_until - timezone.now() > waiting
    tried = Delivery.objects.get(attempts=1)
    assert tried.due_at - timezone.now() > waiting
    # The other one is not sent meanwhile, either.
    assert len(receiver.received) == 1


def test_after_enough_failures_it_is_paused_collects_and_can_be_resumed():
    staff = UserFactory(is_staff=True)
    soon = override_config("webhook", pause_after=3)
    with soon, receiving(answer(500), answer(500), answer(500), answer()) as receiver:
        endpoint = endpoint_at(receiver.url, actions=["user.update"])
        happen()
        for _ in range(5):
            deliver_due()
            make_due()
        endpoint.refresh_from_db()
        assert (endpoint.state, endpoint.failures) == ("failing", 3)
        assert len(receiver.received) == 3
        happen()
        deliver_due()
        assert Delivery.objects.counted() == {"pending": 2}

        resume_endpoint(endpoint, actor=staff)
        deliver_due()

    assert Delivery.objects.counted() == {"delivered": 2}
    assert len(receiver.received) == 5


def test_a_delivery_is_given_up_after_its_attempts(monkeypatch):
    monkeypatch.setattr(settling, "PAUSES", (1.0,))
    with receiving(answer(400)) as receiver:
        endpoint_at(receiver.url)
        happen()
        for _ in range(3):
            deliver_due()
            make_due()

    assert len(receiver.received) == 2
    assert Delivery.objects.get().status == DeliveryStatus.FAILED


def test_both_secrets_sign_while_they_overlap():
    with receiving(answer()) as receiver:
        endpoint = endpoint_at(receiver.url, actions=["user.update"])
        former = endpoint.secret
        secret = rotate_secret(endpoint, actor=UserFactory(is_staff=True))
        happen()
        deliver_due()
        Endpoint.objects.update(former_secret_until=timezone.now() - timedelta(seconds=1))
        happen()
        deliver_due()

    (first, body), (second, other) = receiver.received
    assert Webhook(former).verify(body, first) == Webhook(secret).verify(body, first)
    assert json.loads(other) == Webhook(secret).verify(other, second)
    assert len(first["webhook-signature"].split()) == 2
    assert len(second["webhook-signature"].split()) == 1


def test_a_deleted_endpoint_ends_its_lane():
    with receiving(answer()) as receiver:
        endpoint = endpoint_at(receiver.url)
        happen()
        distribute_events()
        delivery = Delivery.objects.get()
        Endpoint.objects.all().delete()

        assert settling.settle_attempts(endpoint.pk, [(delivery, None)]) is False
        assert deliver_due() == 0


def test_what_nobody_distributed_or_sent_before_a_kill_is_sent_later():
    with receiving(answer()) as receiver:
        endpoint = endpoint_at(receiver.url)
        happen()
        # The worker took the endpoint and was killed.
        assert distribute_events() == 1
        assert Endpoint.objects.claim(5, seconds=30) == [endpoint.pk]
        assert deliver_due() == 0
        Endpoint.objects.update(busy_until=timezone.now() - timedelta(seconds=1))

        assert deliver_due() == 1
    assert Delivery.objects.get().status == DeliveryStatus.DELIVERED


def test_one_dispatcher_at_a_time():
    with receiving(answer()) as receiver:
        endpoint_at(receiver.url)
        happen()
        with tasks.first_alone() as first:
            assert first
            assert tasks.deliver_events() == 0
        assert tasks.deliver_events() == 1


def test_what_is_taken_back_is_not_told():
    endpoint_at("http://localhost/hook")
    point = transaction.savepoint()
    happen()
    assert Event.objects.count() == 1
    transaction.savepoint_rollback(point)

    assert distribute_events() == 0


def test_a_secret_that_cannot_be_decrypted_is_said_and_nobody_else_waits():
    with receiving(answer()) as receiver:
        broken = endpoint_at(receiver.url)
        endpoint_at(receiver.url)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE webhooks_endpoint SET secret = 'x' WHERE id = %s", [broken.pk])
        happen()

        deliver_due()

    broken.refresh_from_db()
    assert "on our side" in broken.last_error
    assert broken.rest_until > timezone.now()
    assert Delivery.objects.counted() == {"delivered": 1, "pending": 1}
    assert len(receiver.received) == 1


def test_a_database_that_is_away_for_a_moment_costs_a_repetition(monkeypatch):
    def fail(*args):
        raise OperationalError

    with receiving(answer()) as receiver:
        endpoint = endpoint_at(receiver.url)
        happen()
        with monkeypatch.context() as away:
            away.setattr(delivering, "settle_attempts", fail)
            deliver_due()
        endpoint.refresh_from_db()
        assert (endpoint.busy_until, endpoint.last_error) == (None, "")

        deliver_due()

    (first, _), (second, _) = receiver.received
    assert first["webhook-id"] == second["webhook-id"]
    assert Delivery.objects.counted() == {"delivered": 1}


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_and_take_everything_once():
    for _ in range(3):
        endpoint_at("https://hook.invalid/")
    happen(5)
    together, taken = threading.Barrier(2), []

    def work():
        try:
            together.wait(20)
            distribute_events()
            together.wait(20)
            taken.extend(Endpoint.objects.claim(9, seconds=30))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()

    assert Delivery.objects.count() == 15
    assert len(taken) == len(set(taken)) == 3


@pytest.mark.parametrize(
    "said",
    ["Mon, 01 Jan 99999999999999999999 00:00:00 GMT", f"Mon, 01 Jan 2030 00:00:00 +{'9' * 20}"],
)
def test_a_pause_without_sense_is_none(said):
    with receiving(answer(Retry_After=said), answer(503, Retry_After=said)) as receiver:
        endpoint_at(receiver.url)
        happen(2)

        assert deliver_due() == 2

    statuses = sorted(Delivery.objects.values_list("status", "attempts"))
    assert statuses == [("delivered", 1), ("pending", 1)]


def test_words_that_cannot_be_stored_hold_nobody_up():
    bodies = (b"a\x00b\xff\xed\xa0\x80", b'{"error": "\\u0000 \\ud800"}', b"\x00" * 900)
    with (
        receiving(*(answer(500, body) for body in bodies)) as receiver,
        receiving(answer()) as well,
    ):
        for _ in bodies:
            endpoint_at(receiver.url)
        endpoint_at(well.url)
        happen()

        assert deliver_due() == len(bodies) + 1

    assert Delivery.objects.filter(attempts=1).count() == len(bodies) + 1
    assert Delivery.objects.get(status="delivered").endpoint.failures == 0
