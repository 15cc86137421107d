"""The sign-in page: password, code, provider, and where it leads."""

import re
import sys
import time

import pyotp
import pytest
from django.contrib.auth import SESSION_KEY
from django.core import signing
from django.test import Client

from accounts.services import begin_totp, confirm_totp
from accounts.services.sign_in import PROOF, password_proof
from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "a long password"


@pytest.fixture
def ada():
    user = UserFactory(username="ada")
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def secret(ada):
    session = {}
    secret = begin_totp(session, ada)["secret"]
    confirm_totp(session, ada, code=pyotp.TOTP(secret).now(), actor=ada)
    return secret


def send(client, **form):
    return client.post("/sign-in", form)


def test_the_start_leads_to_the_form_and_back(client, ada):
    first = client.get("/account/profile?x=1")
    assert first.status_code in (302, 404)
    assert client.get("/")["Location"] == "/sign-in"

    answer = send(client, username="ada", password=PASSWORD, next="/account/keys?page=2")

    assert (answer.status_code, answer["Location"]) == (302, "/account/keys?page=2")
    assert client.session[SESSION_KEY] == str(ada.pk)


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_it_leads_to_our_own_pages_only(client, ada, wanted):
    assert send(client, username="ada", password=PASSWORD, next=wanted)["Location"] == "/"


def test_a_wrong_password_is_told_and_the_name_stays(client, ada):
    answer = send(client, username="ada", password="wrong")

    assert answer.status_code == 401
    assert b"The user name or the password is wrong." in answer.content
    assert b'value="ada"' in answer.content
    assert re.findall(rb'name="(\w+)"[^>]* autofocus', answer.content) == [b"password"]
    assert b"wrong" not in answer.content.replace(b"password is wrong", b"")
    assert SESSION_KEY not in client.session


def test_an_empty_form_is_shown_again(client):
    assert send(client).status_code == 422


def test_the_code_is_asked_for_after_the_password(client, ada, secret):
    asked = send(client, username="ada", password=PASSWORD, next="/v1/docs")
    proof = asked.context["form"]["proof"].value()
    assert SESSION_KEY not in client.session

    wrong = send(client, proof=proof, code="000000")
    right = send(client, proof=proof, code=code_of(secret))

    assert (wrong.status_code, right.status_code) == (401, 302)
    assert client.session[SESSION_KEY] == str(ada.pk)


def code_of(secret):
    """A code that was not used for confirming."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30)


@pytest.mark.parametrize("change", ["password", "inactive", "forged", "old"])
def test_a_proof_ends_with_what_it_proves(client, ada, secret, change, monkeypatch):
    proof = password_proof(ada)
    if change == "password":
        ada.set_password("another long password")
        ada.save()
    elif change == "inactive":
        ada.is_active = False
        ada.save()
    elif change == "forged":
        proof = signing.dumps([str(ada.pk), "x"], salt=PROOF)
    else:
        monkeypatch.setattr(sys.modules[password_proof.__module__], "PROOF_SECONDS", -1)

    answer = send(client, proof=proof, code=code_of(secret))

    assert answer.status_code == 401
    assert SESSION_KEY not in client.session


def test_the_first_sign_in_takes_language_and_zone_of_the_browser(client, ada):
    client.cookies["time_zone"] = "Europe/Rome"
    client.post(
        "/sign-in", {"username": "ada", "password": PASSWORD}, headers={"Accept-Language": "it"}
    )
    ada.refresh_from_db()
    assert (ada.language, ada.time_zone) == ("it", "Europe/Rome")

    client.cookies["time_zone"] = "Asia/Tokyo"
    send(client, username="ada", password=PASSWORD)
    ada.refresh_from_db()
    assert ada.time_zone == "Europe/Rome"


def test_a_dialog_over_a_page_gets_the_form_alone(client, ada):
    form = client.get("/sign-in", headers={"HX-Request": "true"}).content
    answer = client.post(
        "/sign-in", {"username": "ada", "password": PASSWORD}, headers={"HX-Request": "true"}
    )

    assert b"<html" not in form
    assert answer.status_code == 204
    assert str(ada.pk) in answer["HX-Trigger"]


def test_a_part_of_a_page_is_told_that_the_session_has_ended(client):
    answer = client.get("/", headers={"HX-Request": "true"})

    assert (answer.status_code, answer["HX-Trigger"]) == (401, "yw-signed-out")


def test_signing_out_ends_the_session(client, ada):
    client.force_login(ada)

    answer = client.post("/sign-out")

    assert (answer.status_code, answer["Location"]) == (302, "/sign-in")
    assert SESSION_KEY not in client.session
    assert client.get("/sign-out")["Location"] == "/sign-in?next=%2Fsign-out"


def test_the_address_of_signing_out_asks_first(client, ada):
    client.force_login(ada)

    answer = client.get("/sign-out")

    assert answer.status_code == 200
    assert b"Sign out?" in answer.content
    assert SESSION_KEY in client.session


def test_a_form_of_another_page_signs_nobody_in(ada):
    client = Client(enforce_csrf_checks=True)

    answer = send(client, username="ada", password=PASSWORD)

    assert answer.status_code == 403
    assert b"Load it again" in answer.content


def test_ways_that_are_open_are_shown(client, configured):
    assert b"Continue with" not in client.get("/sign-in").content

    configured(
        "identity",
        oidc_issuer="https://id.example/realm",
        oidc_client_id="us",
        oidc_name="Corp ID",
        password_sign_in=False,
    )
    answer = client.get("/sign-in")

    assert b"Continue with Corp ID" in answer.content
    assert b'name="password"' not in answer.content
    assert "form-action 'self' https://id.example" in answer["Content-Security-Policy"]
    assert b'name="password"' in client.get("/sign-in?password=1").content


def test_from_a_dialog_a_provider_is_asked_in_a_tab_of_its_own(client, ada, configured):
    configured("identity", oidc_issuer="https://id.example/realm", oidc_client_id="us")
    dialog = client.get("/sign-in", headers={"HX-Request": "true"}).content.decode()
    client.force_login(ada)
    back = client.get("/sign-in?tab=1")

    assert 'href="/sign-in?next=/sign-in%3Ftab%3D1" target="_blank"' in dialog
    # Its policy forbids forms that lead there.
    assert 'action="/auth/oidc/login"' not in dialog
    assert b"Close this tab" in back.content


def test_too_many_attempts_are_told_when_to_come_back(client, ada, rate_limits):
    answers = [send(client, username="nobody", password="x") for _ in range(12)]

    assert answers[-1].status_code == 429
    assert answers[-1]["Retry-After"]
    assert b"Too many" in answers[-1].content
