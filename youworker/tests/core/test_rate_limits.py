"""Rate limits."""

import subprocess
import sys
from uuid import uuid4

import pytest
from django.conf import settings as project
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from youworker.core.api.rate_limits import (
    PRESETS,
    WriteThrottle,
    check_rate_limit,
    check_rates,
    rate,
    rate_limited,
    redis_watch,
)
from youworker.core.exceptions import RateLimited, Unavailable
from youworker.core.request_context import RequestOrigin, current_origin

REAL_CACHE = project.CACHES["default"]


@pytest.fixture(autouse=True)
def _enforced(rate_limits, db):
    redis_watch.away = False
    yield
    redis_watch.away = False
    current_origin.set(RequestOrigin())


def request_of(user=None, address="192.0.2.1", key_id=None, **headers):
    current_origin.set(RequestOrigin(address, key_id))
    plain = APIRequestFactory().get("/", REMOTE_ADDR=address, **headers)
    request = Request(plain)
    request.user = user or AnonymousUser()
    return request


def used_up(request, name="VERY_STRICT"):
    try:
        check_rate_limit(name, request.user)
    except RateLimited:
        return True
    return False


def test_the_sixth_of_five_is_refused_with_a_pause():
    assert [used_up(request_of()) for _ in range(5)] == [False] * 5

    with pytest.raises(RateLimited) as refusal:
        check_rate_limit("VERY_STRICT", request_of().user)

    assert 1 <= refusal.value.wait <= 61


def test_users_are_counted_apart_and_everywhere_the_same(ada, django_user_model):
    grace = django_user_model.objects.create_user("grace")
    for n in range(5):
        check_rate_limit("VERY_STRICT", request_of(ada, address=f"192.0.2.{n}").user)

    assert used_up(request_of(ada, address="192.0.2.77"))
    assert not used_up(request_of(grace))
    assert not used_up(request_of())


def test_forged_headers_change_nothing():
    for n in range(5):
        check_rate_limit("VERY_STRICT", request_of(HTTP_X_FORWARDED_FOR=f"203.0.113.{n}").user)

    assert used_up(request_of(HTTP_X_FORWARDED_FOR="203.0.113.99"))
    assert not used_up(request_of(address="192.0.2.2"))


def test_presets_are_counted_apart():
    for _ in range(5):
        check_rate_limit("VERY_STRICT", request_of().user)

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


@pytest.mark.parametrize("value", ["ten", "10", "0/m", "10/w", "-1/m"])
def test_a_rate_that_cannot_be_read_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("RATE_SEARCH", value)

    with pytest.raises(ImproperlyConfigured, match="RATE_SEARCH"):
        check_rates()


def test_keys_of_one_user_are_counted_apart(ada):
    first, second = uuid4(), uuid4()
    for _ in range(5):
        check_rate_limit("VERY_STRICT", request_of(ada, key_id=first).user)

    assert used_up(request_of(ada, key_id=first))
    assert not used_up(request_of(ada, key_id=second))
    assert not used_up(request_of(ada))


def test_a_network_of_ipv6_is_one_caller():
    for n in range(5):
        check_rate_limit("VERY_STRICT", request_of(address=f"2001:db8:0:1:{n}::7").user)

    assert used_up(request_of(address="2001:db8:0:1:ffff::1"))
    assert not used_up(request_of(address="2001:db8:0:2::1"))
    assert not used_up(request_of(address="::ffff:192.0.2.1"))


def test_sockets_and_requests_share_a_counter(ada):
    request = request_of(ada)
    for _ in range(5):
        check_rate_limit("VERY_STRICT", ada)

    assert used_up(request)


class View:
    @rate_limited("VERY_STRICT")
    def get(self, request):
        return "answer"

    @rate_limited("VERY_STRICT")
    def put(self, request):
        return "answer"

    def post(self, request):
        return "answer"


@rate_limited("VERY_STRICT", methods=("POST",))
def page(request, number=1):
    return number


def test_a_method_and_a_function_count_before_they_are_called():
    answers = [View().get(request_of()) for _ in range(3)]
    plain = APIRequestFactory().post("/")
    plain.user = AnonymousUser()
    answers += [page(plain, number=number) for number in range(2)]

    assert answers == ["answer"] * 3 + [0, 1]
    with pytest.raises(RateLimited):
        View().get(request_of())
    with pytest.raises(RateLimited):
        page(plain)


def test_methods_that_are_not_named_do_not_count():
    assert [page(request_of()) for _ in range(10)] == [1] * 10


def test_a_view_may_not_name_a_limit_that_does_not_exist():
    with pytest.raises(ImproperlyConfigured, match="NOPE"):
        rate_limited("NOPE")


def test_every_other_write_counts_and_reads_do_not(monkeypatch):
    monkeypatch.setenv("RATE_VERY_HIGH", "1/h")

    def ask(method):
        request = request_of()
        request.method = method
        return WriteThrottle().allow_request(request, View())

    assert [ask("GET") for _ in range(5)] == [True] * 5
    # It counts itself.
    assert [ask("PUT") for _ in range(5)] == [True] * 5
    assert ask("POST")
    with pytest.raises(RateLimited):
        ask("POST")


@pytest.fixture
def no_redis(settings):
    nowhere = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": nowhere}


@pytest.mark.usefixtures("no_redis")
@pytest.mark.parametrize("name", sorted(PRESETS))
def test_without_redis_guessing_is_impossible_and_work_goes_on(name):
    closed = {"AUTH_LOGIN", "AUTH_REGISTER", "PASSWORD_RESET", "API_KEY_REGENERATE"}

    if name in closed:
        with pytest.raises(Unavailable):
            check_rate_limit(name, request_of().user)
    else:
        check_rate_limit(name, request_of().user)


def test_trouble_with_redis_is_logged_once_until_it_is_over(no_redis, settings, caplog):
    for _ in range(3):
        check_rate_limit("SEARCH", request_of().user)
    settings.CACHES = {**settings.CACHES, "default": {**REAL_CACHE}}
    for _ in range(3):
        check_rate_limit("SEARCH", request_of().user)

    said = [record.levelname for record in caplog.records if "rate limits" in record.message]
    assert said == ["ERROR", "WARNING"]


@pytest.mark.usefixtures("no_redis")
def test_signing_in_without_redis_answers_503_with_a_sentence(client):
    answer = client.post(
        "/v1/auth/login", {"username": "a", "password": "b"}, content_type="application/json"
    )

    assert answer.status_code == 503
    assert answer.json()["errors"][0]["detail"].startswith("This is not possible right now")


def test_refused_callers_are_told_when_to_come_back(client, monkeypatch):
    monkeypatch.setenv("RATE_AUTH_LOGIN", "1/h")
    body = {"username": "a", "password": "b"}

    answers = [
        client.post("/v1/auth/login", body, content_type="application/json") for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [401, 429]
    assert 1 <= int(answers[1]["Retry-After"]) <= 3601


def test_what_is_sent_to_the_admin_counts(client, monkeypatch, django_user_model):
    monkeypatch.setenv("RATE_ADMIN_ACTION", "1/h")
    monkeypatch.setenv("RATE_AUTH_LOGIN", "1/h")
    root = django_user_model.objects.create_superuser("root")

    guesses = [client.post("/admin/login/", {"username": "root", "password": "x"}) for _ in "ab"]
    client.force_login(root)
    acts = [client.post("/admin/accounts/apikey/", {"action": "revoke"}) for _ in "ab"]
    reads = [client.get("/admin/accounts/apikey/") for _ in range(3)]

    assert [answer.status_code for answer in guesses] == [401, 429]
    assert [answer.status_code for answer in acts][1] == 429
    assert acts[1]["Retry-After"]
    assert {answer.status_code for answer in reads} == {200}


ANOTHER_PROCESS = """
import django
django.setup()
from django.contrib.auth.models import AnonymousUser
from django.conf import settings
from youworker.core import request_context
from youworker.core.exceptions import RateLimited
from youworker.core.api.rate_limits import check_rate_limit

settings.RATELIMIT_ENABLE = True
request_context.current_origin.set(request_context.RequestOrigin("192.0.2.200"))
refused = 0
for _ in range(3):
    try:
        check_rate_limit("VERY_STRICT", AnonymousUser())
    except RateLimited:
        refused += 1
print(refused)
"""


@pytest.mark.slow
def test_processes_count_together(monkeypatch):
    # By the day: on a busy machine the minute is over before the other process has started.
    monkeypatch.setenv("RATE_VERY_STRICT", "5/d")
    current_origin.set(RequestOrigin("192.0.2.200"))
    for _ in range(4):
        check_rate_limit("VERY_STRICT", AnonymousUser())

    other = subprocess.run(
        [sys.executable, "-c", ANOTHER_PROCESS], capture_output=True, text=True, check=True
    )

    # The fifth of five was the other process's first.
    assert other.stdout.strip() == "2"
    with pytest.raises(RateLimited):
        check_rate_limit("VERY_STRICT", AnonymousUser())
