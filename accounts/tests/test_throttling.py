"""Guessing: the same answer and work for every wrong guess, and not many of them."""

import pytest
from django.contrib.auth.hashers import get_hasher
from django.test import Client
from redis.exceptions import ConnectionError as RedisGone

from accounts import services, throttling
from accounts.exceptions import RecentSignInRequired, SignInUnavailable
from accounts.tests.conftest import PASSWORD
from accounts.tests.factories import UserFactory, code_of, second_factor_for
from youworker.core.exceptions import RateLimited


@pytest.fixture
def hashes(monkeypatch):
    """Every run of the password hasher."""
    runs = []

    class Counting(type(get_hasher())):
        def encode(self, *args, **kwargs):
            runs.append("encode")
            return super().encode(*args, **kwargs)

        def verify(self, *args, **kwargs):
            runs.append("verify")
            return super().verify(*args, **kwargs)

    monkeypatch.setattr("django.contrib.auth.hashers.get_hasher", lambda *_: Counting())
    monkeypatch.setattr("django.contrib.auth.hashers.identify_hasher", lambda *_: Counting())
    return runs


def from_address(number):
    return Client(REMOTE_ADDR=f"203.0.113.{number}")


def people(ada):
    gone = UserFactory(username="gone", is_active=False)
    gone.password = ada.password
    gone.save()
    service = UserFactory(username="service")
    service.set_unusable_password()
    service.save()


@pytest.mark.parametrize(
    "guess",
    [
        {"username": "nobody"},
        {"password": "wrong"},
        {"username": "gone"},
        {"username": "service"},
    ],
)
def test_every_wrong_guess_costs_one_hash_and_says_the_same(ada, login, hashes, guess):
    people(ada)
    hashes.clear()

    answer = login(**guess)

    assert len(hashes) == 1
    assert answer.status_code == 401
    assert answer.json()["errors"] == [
        {
            "code": "authentication_failed",
            "detail": "The user name or the password is wrong.",
            "attr": None,
        }
    ]


def test_passwords_can_be_closed_to_everybody_but_superusers(ada, login, hashes, configured):
    UserFactory(username="root", is_superuser=True, password=ada.password)
    configured("identity", password_sign_in=False)
    hashes.clear()

    refused, allowed = login(), login(username="root")

    assert refused.json()["errors"][0]["detail"] == "The user name or the password is wrong."
    assert (refused.status_code, allowed.status_code) == (401, 200)
    assert len(hashes) == 2


@pytest.mark.usefixtures("rate_limits")
@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_one_account_is_guessed_at_ten_times_from_all_addresses(ada, login, name):
    guesses = [login(from_address(n), username=name, password="wrong") for n in range(10)]

    refused = login(from_address(11), username=name)
    other_spelling = login(from_address(12), username=f" {name.upper()}")
    another = login(from_address(13), username="somebody else")

    assert {answer.status_code for answer in guesses} == {401}
    assert refused.status_code == other_spelling.status_code == 429
    assert int(refused["Retry-After"]) >= 1
    assert "failed attempts" in refused.json()["errors"][0]["detail"]
    assert another.status_code == 401


@pytest.mark.usefixtures("rate_limits")
def test_signing_in_does_not_use_up_attempts(ada, login):
    answers = [login(from_address(n)) for n in range(12)]

    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.usefixtures("rate_limits")
def test_twenty_failures_in_an_hour_are_recorded_once(ada, actions, monkeypatch):
    monkeypatch.setenv("RATE_AUTH_LOGIN", "100/m")

    for _ in range(22):
        services.password_matches(ada, "wrong")

    assert actions().count("auth.login.failed") == 22
    assert actions().count("auth.suspicious_activity") == 1
    assert actions()[20] == "auth.suspicious_activity"


@pytest.mark.usefixtures("rate_limits")
def test_failures_of_one_account_are_not_those_of_another(db):
    assert not any(throttling.note_failure(f"user{n}") for n in range(40))


@pytest.mark.usefixtures("rate_limits")
def test_wrong_codes_are_counted_by_the_hour(ada, login):
    secret, _ = second_factor_for(ada)

    guesses = [login(from_address(n), code="000000") for n in range(9)]
    throttling.note_wrong_code("ada")
    refused = login(from_address(10), code=code_of(secret))

    assert {answer.status_code for answer in guesses} == {401}
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) >= 1


@pytest.mark.usefixtures("rate_limits")
def test_guesses_of_somebody_signed_in_count_as_well(ada, rf):
    request = rf.post("/")
    request.user = ada
    for _ in range(10):
        with pytest.raises(RecentSignInRequired):
            services.require_recent_sign_in(request, password="wrong")

    with pytest.raises(RateLimited):
        services.check_credentials(username="ada", password=PASSWORD)


@pytest.mark.usefixtures("rate_limits")
def test_nobody_signs_in_while_attempts_cannot_be_counted(ada, monkeypatch):
    def gone(*_args, **_kwargs):
        raise RedisGone

    monkeypatch.setattr("django.core.cache.backends.redis.RedisCacheClient.add", gone)

    with pytest.raises(SignInUnavailable) as refusal:
        services.check_credentials(username="ada", password=PASSWORD)

    assert (refusal.value.code, refusal.value.status) == ("sign_in_unavailable", 503)
