"""Changing passwords."""

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client

from accounts import services
from accounts.models import SignIn
from accounts.tests.conftest import PASSWORD
from accounts.tests.factories import UserFactory

NEW = "an even longer staple"


def change(client, **changes):
    form = {"current_password": PASSWORD, "new_password": NEW, **changes}
    return client.post("/v1/account/password", form, content_type="application/json")


def test_a_new_password_ends_every_other_session(browser, login, ada):
    elsewhere = Client()
    login(elsewhere)
    stolen = Client()
    stolen.cookies["sessionid"] = browser.cookies["sessionid"].value
    row = SignIn.objects.get(session_id=browser.session.session_key)

    answer = change(browser)

    assert answer.status_code == 204
    assert browser.get("/v1/auth/me").status_code == 200
    assert elsewhere.get("/v1/auth/me").status_code == 401
    assert stolen.get("/v1/auth/me").status_code == 401
    kept = SignIn.objects.get()
    assert (kept.pk, kept.created_at) == (row.pk, row.created_at)
    assert kept.session_id == browser.session.session_key != row.session_id
    assert (login().status_code, login(password=NEW).status_code) == (401, 200)


def test_a_new_password_is_recorded(browser, ada, details):
    change(browser)

    recorded = details("user.update")[0]
    assert (recorded["fields"], recorded["actor"]) == (["password"], str(ada.pk))
    assert NEW not in str(list(LogEntry.objects.values()))


def test_the_present_password_is_needed(browser, ada, actions):
    answer = change(browser, current_password="wrong")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "current_password"
    assert actions()[-1] == "auth.login.failed"
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


@pytest.mark.parametrize("weak", ["short", "password123", "12345678901", "ada@example.org", ""])
def test_weak_passwords_are_refused(browser, ada, weak):
    answer = change(browser, new_password=weak)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "new_password"
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


def test_nobody_without_a_session_changes_a_password(ada):
    _, secret = services.create_api_key(ada, name="k", scopes=["account"], actor=ada)
    with_key = Client(headers={"Authorization": f"Bearer {secret}"})

    assert change(Client()).status_code == 401
    assert change(with_key).status_code == 401


def test_a_user_without_a_password_cannot_set_one(db):
    user = UserFactory()
    user.set_unusable_password()
    user.save()
    client = Client()
    client.force_login(user)

    assert change(client, current_password="").status_code == 400
    assert change(client, current_password="anything").status_code == 400


def test_giving_the_password_again_does_not_end_the_session(ada):
    class Cheaper(Argon2PasswordHasher):
        time_cost = 1

    ada.password = Cheaper().encode(PASSWORD, "some salt")
    ada.save()
    client = Client()
    client.force_login(ada)
    proof = {"password": PASSWORD}

    answer = client.delete("/v1/account/mfa/totp", proof, content_type="application/json")

    assert answer.status_code == 409  # after the password, there is nothing to remove
    assert client.get("/v1/auth/me").status_code == 200


@pytest.mark.usefixtures("rate_limits")
def test_changes_are_limited(browser):
    answers = [change(browser, current_password="wrong").status_code for _ in range(4)]

    assert answers == [400, 400, 400, 429]


def test_writes_need_the_csrf_token(ada, login):
    client = Client(enforce_csrf_checks=True)
    login(client)

    assert change(client).status_code == 403
