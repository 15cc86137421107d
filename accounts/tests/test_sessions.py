"""Sessions: begun, listed, ended, forgotten."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import services, tasks
from accounts.enums import SignInMethod
from accounts.exceptions import RecentSignInRequired, SignInFailed
from accounts.models import SignIn, User
from accounts.services.sessions import note_minute
from accounts.tests.conftest import PASSWORD
from accounts.tests.factories import SignInFactory, UserFactory

SESSIONS = "/v1/account/sessions"


def test_a_session_is_listed_with_where_it_was_begun(ada, login):
    client = Client(REMOTE_ADDR="203.0.113.7", headers={"User-Agent": "Lynx\0 " + "x" * 300})
    login(client)

    answer = client.get(SESSIONS)

    row = SignIn.objects.get()
    assert answer.json()["results"] == [
        {
            "id": str(row.pk),
            "method": "password",
            "address": "203.0.113.7",
            "user_agent": "Lynx " + "x" * 195,
            "created_at": row.created_at.isoformat().replace("+00:00", "Z"),
            "last_seen_at": row.last_seen_at.isoformat().replace("+00:00", "Z"),
            "current": True,
        }
    ]
    assert row.session_id.encode() not in answer.content


def test_only_the_one_that_asks_is_current(browser, login, ada):
    login(Client())
    SignInFactory()

    listed = browser.get(SESSIONS).json()["results"]

    assert [row["current"] for row in listed] == [False, True]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_keeps_the_same_number_of_queries(
    ada, client_of, django_assert_num_queries, count
):
    SignInFactory.create_batch(count, user=ada)
    client = client_of(ada)

    with django_assert_num_queries(1):  # the page
        answer = client.get(SESSIONS)

    assert answer.json()["count"] == count


def test_expired_sessions_are_not_listed(browser, ada):
    expired = SignInFactory(user=ada)
    Session.objects.filter(pk=expired.session_id).update(expire_date=timezone.now())

    assert browser.get(SESSIONS).json()["count"] == 1


def test_ending_a_session_makes_its_cookie_worthless(browser, login, ada, actions):
    elsewhere = Client()
    login(elsewhere)
    row = SignIn.objects.get(session_id=elsewhere.session.session_key)

    answer = browser.delete(f"{SESSIONS}/{row.pk}")

    assert answer.status_code == 204
    assert elsewhere.get("/v1/auth/me").status_code == 401
    assert browser.get("/v1/auth/me").status_code == 200
    assert browser.delete(f"{SESSIONS}/{row.pk}").status_code == 404
    assert actions()[-1] == "user.logout"


def test_ending_the_own_session_signs_out(browser, ada):
    cookie = browser.cookies["sessionid"].value

    answer = browser.delete(f"{SESSIONS}/{SignIn.objects.get().pk}")

    browser.cookies["sessionid"] = cookie
    assert answer.status_code == 204
    assert browser.get("/v1/auth/me").status_code == 401
    assert not SignIn.objects.exists()


@pytest.mark.parametrize(
    ("query", "ended", "here"), [("", 2, 200), ("?all=false", 2, 200), ("?all=true", 3, 401)]
)
def test_ending_the_others_or_all(browser, login, ada, query, ended, here):
    others = [Client(), Client()]
    for client in others:
        login(client)
    stranger = SignInFactory()

    answer = browser.delete(SESSIONS + query)

    assert answer.json() == {"sessions_ended": ended}
    assert browser.get("/v1/auth/me").status_code == here
    assert {client.get("/v1/auth/me").status_code for client in others} == {401}
    assert SignIn.objects.filter(pk=stranger.pk).exists()


def test_api_keys_neither_list_nor_end_sessions(ada):
    _, secret = services.create_api_key(ada, name="k", scopes=["account"], actor=ada)
    client = Client(headers={"Authorization": f"Bearer {secret}"})

    assert client.get(SESSIONS).status_code == 401
    assert client.delete(SESSIONS).status_code == 401


def test_signing_in_again_ends_the_session_that_does(browser, login):
    before = browser.cookies["sessionid"].value
    login(browser)
    stranger = Client()
    stranger.cookies["sessionid"] = before

    assert browser.cookies["sessionid"].value != before
    assert stranger.get("/v1/auth/me").status_code == 401
    assert SignIn.objects.count() == Session.objects.count() == 1


def test_the_last_use_is_noted_at_most_once_a_minute(browser, ada):
    before = timezone.now() - timedelta(hours=1)
    SignIn.objects.update(last_seen_at=before)
    note_minute.cache_clear()

    browser.get("/v1/auth/me")
    first = SignIn.objects.get().last_seen_at
    note_minute.cache_clear()
    browser.get("/v1/auth/me")

    assert first > before
    assert SignIn.objects.get().last_seen_at == first


def test_a_session_has_a_fixed_end(browser, ada):
    end = Session.objects.get().expire_date
    session = browser.session
    session["something"] = "later"
    session.save()

    assert abs(Session.objects.get().expire_date - end) < timedelta(milliseconds=10)


def test_expired_sessions_are_removed_with_their_rows(browser, ada):
    expired = SignInFactory(user=ada)
    Session.objects.filter(pk=expired.session_id).update(expire_date=timezone.now())

    tasks.forget_expired_sessions()

    assert list(SignIn.objects.all()) == list(SignIn.objects.exclude(pk=expired.pk))
    assert not Session.objects.filter(pk=expired.session_id).exists()
    assert browser.get("/v1/auth/me").status_code == 200


@pytest.mark.parametrize("kind", ["deactivated", "service"])
def test_no_way_of_signing_in_lets_everybody_in(db, rf, kind, monkeypatch):
    user = UserFactory(is_active=kind != "deactivated")
    # What makes a user a program's is known to groups only.
    monkeypatch.setattr(User, "is_service", kind == "service")
    request = rf.post("/")
    request.session = SessionStore()

    with pytest.raises(SignInFailed):
        services.begin_session(request, user, method=SignInMethod.SSO)

    assert not SignIn.objects.exists()
    assert not Session.objects.exists()


def test_a_recent_session_is_proof_enough_and_an_old_one_wants_the_password(browser, ada, rf):
    request = rf.get("/")
    request.user, request.session = ada, browser.session

    services.require_recent_sign_in(request)
    SignIn.objects.update(created_at=timezone.now() - timedelta(seconds=301))
    with pytest.raises(RecentSignInRequired) as old:
        services.require_recent_sign_in(request)
    with pytest.raises(RecentSignInRequired):
        services.require_recent_sign_in(request, password="wrong")
    services.require_recent_sign_in(request, password=PASSWORD)

    assert (old.value.code, old.value.status) == ("recent_sign_in_required", 403)


def test_the_session_of_somebody_else_is_no_proof(browser, rf):
    request = rf.get("/")
    request.user, request.session = UserFactory(), browser.session

    with pytest.raises(RecentSignInRequired):
        services.require_recent_sign_in(request)
