"""Denied acts are noted, and a flood of them is not."""

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import AnonymousUser
from redis.exceptions import ConnectionError as RedisGone

from accounts.tests.factories import UserFactory
from youworker import audit
from youworker.audit import denials
from youworker.core.realtime.consumer import note_denial
from youworker.core.redis import sync_redis
from youworker.core.request_context import RequestOrigin, current_origin

pytestmark = pytest.mark.django_db


def deny(user, route="v1/sessions/<uuid:pk>", code="permission_denied", method="GET"):
    audit.record_denied(user, route=route, method=method, status=403, code=code)


@pytest.fixture(autouse=True)
def _address():
    token = current_origin.set(RequestOrigin("10.1.2.3"))
    yield
    current_origin.reset(token)


def test_a_denial_names_the_place_and_not_the_path():
    user = UserFactory()

    deny(user)

    line = LogEntry.objects.get()
    assert (line.actor, line.remote_addr) == (user, "10.1.2.3")
    assert line.additional_data == {
        "action": "auth.unauthorized",
        "result": "denied",
        "actor": str(user.pk),
        "key": None,
        "route": "v1.sessions.pk",
        "method": "get",
        "status": 403,
        "code": "permission_denied",
    }


def test_the_same_denial_is_noted_once_a_minute():
    ada, bob = UserFactory.create_batch(2)

    for _ in range(5):
        deny(ada)
        deny(bob)
        deny(ada, route="v1/search")
        deny(ada, method="POST")
        deny(AnonymousUser())

    assert LogEntry.objects.count() == 5
    keys = sync_redis().keys("yw:denied:*")
    assert keys
    assert all(0 < sync_redis().ttl(key) <= 120 for key in keys)


def test_strangers_at_many_addresses_cannot_fill_the_table(monkeypatch):
    monkeypatch.setattr(denials, "MOST_OF_STRANGERS", 3)

    for number in range(10):
        current_origin.set(RequestOrigin(f"10.0.0.{number}"))
        deny(AnonymousUser())
    deny(UserFactory())

    assert LogEntry.objects.filter(actor=None).count() == 3
    assert LogEntry.objects.exclude(actor=None).count() == 1


@pytest.mark.parametrize(
    ("route", "place"),
    [
        ("", "unknown"),
        ("admin/chat/session/<path:object_id>/change/", "admin.chat.session.object_id.change"),
        ("a/" * 100, ".".join("a" * 32)),
    ],
)
def test_every_route_becomes_a_word(route, place):
    deny(UserFactory(), route=route)

    assert LogEntry.objects.get().additional_data["route"] == place


def test_the_refusal_goes_out_when_redis_is_gone(monkeypatch):
    class Gone:
        def set(self, *args, **kwargs):
            raise RedisGone

    monkeypatch.setattr(denials, "sync_redis", Gone)

    deny(UserFactory())

    assert not LogEntry.objects.exists()


def test_a_socket_to_nowhere_is_noted_without_its_path():
    note_denial({"path": "/ws/secret words"}, 401)
    note_denial({"path": "/ws/chat/5c1d", "url_route": {}, "user": UserFactory()}, 403)

    lines = LogEntry.objects.order_by("pk").values_list("additional_data__route", flat=True)
    assert list(lines) == ["ws", "ws.chat"]
