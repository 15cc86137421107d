"""Signing in with a password, and what a session is good for."""

import pytest
from auditlog.models import LogEntry
from django.test import Client

from accounts.tests.conftest import PASSWORD


def test_login_answers_the_user_and_begins_a_session(ada, login, actions):
    client = Client()

    answer = login(client)

    assert answer.status_code == 200
    assert answer.json() == {
        "id": str(ada.pk),
        "username": "ada",
        "email": "ada@example.org",
        "display_name": "Ada L.",
        "is_staff": False,
        "is_root": False,
        "language": "en",
        "time_zone": "UTC",
        "groups": [],
    }
    assert client.get("/v1/auth/me").json() == answer.json()
    assert actions() == ["user.login"]


@pytest.mark.parametrize(
    "wrong", [{"password": "wrong"}, {"username": "nobody"}, {"password": PASSWORD + " "}]
)
def test_login_says_the_same_for_every_wrong_pair(ada, wrong, login):
    answer = login(Client(), **wrong)

    assert answer.status_code == 401
    assert answer.json() == {
        "type": "client_error",
        "errors": [
            {
                "code": "authentication_failed",
                "detail": "The user name or the password is wrong.",
                "attr": None,
            }
        ],
    }


def test_login_records_failures_for_known_and_unknown_names_without_the_name(ada, login, actions):
    login(Client(), password="wrong")
    login(Client(), username="hunter2 typed into the wrong field")

    assert actions() == ["auth.login.failed", "auth.login.failed"]
    assert not LogEntry.objects.filter(object_repr__icontains="hunter2").exists()
    assert {line.object_pk for line in LogEntry.objects.all()} == {str(ada.pk), ""}


def test_login_refuses_an_inactive_user(ada, login):
    ada.is_active = False
    ada.save()

    assert login(Client()).status_code == 401


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"username": 1}', b'{"username": "a\\u0000"}'])
def test_login_refuses_bad_input_with_400(db, body):
    answer = Client().post("/v1/auth/login", body, content_type="application/json")

    assert answer.status_code == 400


def test_login_changes_the_session_id(ada, login):
    client = Client()
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    client.cookies["sessionid"] = planted

    login(client)

    assert client.cookies["sessionid"].value != planted
    stranger = Client()
    stranger.cookies["sessionid"] = planted
    assert stranger.get("/v1/auth/me").status_code == 401


def test_a_session_ends_with_its_user(ada, login):
    client = Client()
    login(client)
    ada.is_active = False
    ada.save()

    assert client.get("/v1/auth/me").status_code == 401


def test_a_session_ends_with_a_new_password(ada, login):
    client = Client()
    login(client)
    ada.set_password("another one")
    ada.save()

    assert client.get("/v1/auth/me").status_code == 401


def test_logout_makes_the_cookie_worthless(ada, login, actions):
    client = Client()
    login(client)
    cookie = client.cookies["sessionid"].value

    answer = client.post("/v1/auth/logout")

    client.cookies["sessionid"] = cookie
    assert answer.status_code == 204
    assert client.get("/v1/auth/me").status_code == 401
    assert actions() == ["user.login", "user.logout"]


def test_logout_needs_a_session(db):
    assert Client().post("/v1/auth/logout").status_code == 401


def test_writes_of_a_session_need_the_csrf_token(ada, login):
    client = Client(enforce_csrf_checks=True)
    login(client)
    change = {"display_name": "Countess"}

    refused = client.patch("/v1/auth/me", change, content_type="application/json")
    token = client.get("/v1/auth/csrf-token").json()["csrf_token"]
    allowed = client.patch(
        "/v1/auth/me", change, content_type="application/json", headers={"X-CSRFToken": token}
    )

    assert refused.status_code == 403
    assert refused.json()["type"] == "client_error"
    assert allowed.status_code == 200
    assert allowed.json()["display_name"] == "Countess"


def test_me_changes_only_what_is_ones_own(ada):
    client = Client()
    client.force_login(ada)
    change = {
        "email": "new@example.org",
        "language": "it",
        "time_zone": "Europe/Rome",
        "is_staff": True,
        "username": "root",
    }

    answer = client.patch("/v1/auth/me", change, content_type="application/json")

    ada.refresh_from_db()
    assert answer.status_code == 200
    assert (ada.email, ada.language, ada.time_zone) == ("new@example.org", "it", "Europe/Rome")
    assert (ada.is_staff, ada.username) == (False, "ada")


@pytest.mark.parametrize(
    "change", [{"time_zone": "Mars/Base"}, {"language": "xx"}, {"email": "not one"}]
)
def test_me_refuses_bad_values(ada, change):
    client = Client()
    client.force_login(ada)

    answer = client.patch("/v1/auth/me", change, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == next(iter(change))


@pytest.mark.usefixtures("rate_limits")
def test_login_is_limited_by_address_and_not_by_forged_headers(ada, login):
    client = Client()

    answers = [login(client, password="wrong") for _ in range(10)]
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9"}
    refused = client.post(
        "/v1/auth/login",
        {"username": "ada", "password": PASSWORD},
        content_type="application/json",
        headers=forged,
    )

    assert {answer.status_code for answer in answers} == {401}
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) >= 1
    assert refused.json()["errors"][0]["code"] == "throttled"
