"""Rate limits."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from youworker.common.exceptions import RateLimited
from youworker.common.limits import limit, limited, rate


@pytest.fixture(autouse=True)
def _enforced(settings, db):
    settings.RATELIMIT_ENABLE = True


def request_of(user=None, address="192.0.2.1", **headers):
    plain = APIRequestFactory().get("/", REMOTE_ADDR=address, **headers)
    plain.user = user or AnonymousUser()
    return Request(plain)


def used_up(request, name="VERY_STRICT"):
    try:
        limit(request, name)
    except RateLimited:
        return True
    return False


def test_the_sixth_of_five_is_refused_with_a_pause():
    assert [used_up(request_of()) for _ in range(5)] == [False] * 5

    with pytest.raises(RateLimited) as refusal:
        limit(request_of(), "VERY_STRICT")

    assert 1 <= refusal.value.wait <= 61


def test_users_are_counted_apart_and_everywhere_the_same(ada, django_user_model):
    grace = django_user_model.objects.create_user("grace")
    for n in range(5):
        limit(request_of(ada, address=f"192.0.2.{n}"), "VERY_STRICT")

    assert used_up(request_of(ada, address="192.0.2.77"))
    assert not used_up(request_of(grace))
    assert not used_up(request_of())


def test_forged_headers_change_nothing():
    for n in range(5):
        limit(request_of(HTTP_X_FORWARDED_FOR=f"203.0.113.{n}"), "VERY_STRICT")

    assert used_up(request_of(HTTP_X_FORWARDED_FOR="203.0.113.99"))
    assert not used_up(request_of(address="192.0.2.2"))


def test_presets_are_counted_apart():
    for _ in range(5):
        limit(request_of(), "VERY_STRICT")

    assert not used_up(request_of(), "STRICT")


def test_the_environment_changes_a_preset(monkeypatch):
    monkeypatch.setenv("RATE_VERY_STRICT", "1/h")

    assert rate("VERY_STRICT") == "1/h"
    assert [used_up(request_of()) for _ in range(2)] == [False, True]


def test_an_unknown_preset_is_a_mistake_of_ours():
    with pytest.raises(ImproperlyConfigured, match="NOPE"):
        rate("NOPE")


def test_limits_can_be_switched_off(settings):
    settings.RATELIMIT_ENABLE = False

    assert not any(used_up(request_of()) for _ in range(10))


def test_limited_counts_calls_of_a_view():
    class View:
        @limited("VERY_STRICT")
        def get(self, request):
            return "answer"

    assert [View().get(request_of()) for _ in range(5)] == ["answer"] * 5
    with pytest.raises(RateLimited):
        View().get(request_of())
