"""Exports, erasure and clearing over HTTP."""

import pytest
from auditlog.models import LogEntry
from django.test import Client
from django.utils import timezone

from accounts.models import DataExport, Erasure, SignIn, User
from accounts.services import create_api_key
from accounts.tests.factories import UserFactory
from chat.models import Session
from chat.tests.factories import MessageFactory
from groups import retention
from youworker.core.config import config
from youworker.data_protection import exports

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued_tasks")]


@pytest.fixture
def ada():
    return User.objects.create_user("ada", password="analytical")


@pytest.fixture
def browser(ada):
    opened = Client()
    body = {"username": "ada", "password": "analytical"}
    assert opened.post("/v1/auth/login", body, "application/json").status_code == 200
    return opened


def age_session(seconds):
    SignIn.objects.update(created_at=timezone.now() - timezone.timedelta(seconds=seconds))


def keyed(user, *scopes):
    _, secret = create_api_key(user, name="k", scopes=scopes, actor=user)
    return {"authorization": f"Bearer {secret}"}


def code_of(answer):
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_an_export_is_asked_for_made_and_fetched(browser, ada):
    asked = browser.post("/v1/account/exports", {}, "application/json")
    assert asked.status_code == 202
    assert set(asked.json()) == {"id", "status", "created_at", "expires_at", "bytes"}
    url = f"/v1/account/exports/{asked.json()['id']}"
    assert browser.get(url).json()["status"] == "queued"
    assert browser.get(f"{url}/download").status_code == 404
    exports.make_exports()

    shown = browser.get(url).json()
    fetched = browser.get(f"{url}/download")
    part = browser.get(f"{url}/download", headers={"range": "bytes=0-1"})

    assert shown["status"] == "ready"
    assert fetched["Content-Disposition"].startswith('attachment; filename="youworker-ada-')
    assert len(fetched.getvalue()) == shown["bytes"]
    assert (part.status_code, part.getvalue()) == (206, b"PK")
    steps = LogEntry.objects.filter(additional_data__action="data.export")
    assert steps.filter(additional_data__step="downloaded").count() == 2


def test_a_download_ends_with_its_time(browser):
    pk = browser.post("/v1/account/exports", {}, "application/json").json()["id"]
    exports.make_exports()
    DataExport.objects.update(expires_at=timezone.now())

    assert browser.get(f"/v1/account/exports/{pk}/download").status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_any_number(client_of, django_assert_num_queries, rows):
    user = UserFactory()
    for _ in range(rows):
        DataExport.objects.create(user=user)
    DataExport.objects.create(user=UserFactory())
    client = client_of(user)

    with django_assert_num_queries(1):
        answer = client.get("/v1/account/exports")

    assert answer.json()["count"] == rows


@pytest.mark.parametrize(
    ("method", "url"), [("post", "/v1/account/exports"), ("delete", "/v1/account")]
)
def test_old_sessions_need_the_password(browser, ada, method, url):
    age_session(config.identity.recent_seconds + 1)
    ask = getattr(browser, method)

    assert code_of(ask(url, {}, "application/json")) == (403, "recent_sign_in_required")
    wrong = ask(url, {"password": "wrong"}, "application/json")
    assert code_of(wrong) == (403, "recent_sign_in_required")
    assert ask(url, {"password": "analytical"}, "application/json").status_code == 202


@pytest.mark.parametrize(
    ("method", "url"), [("post", "/v1/account/exports"), ("delete", "/v1/account")]
)
def test_a_key_alone_may_neither_export_nor_erase(client, ada, method, url):
    def ask(who, body, *scopes):
        headers = keyed(ada, *scopes)
        return getattr(who, method)(url, body, "application/json", headers=headers)

    right = {"password": "analytical"}
    assert code_of(ask(client, {}, "account")) == (403, "recent_sign_in_required")
    assert code_of(ask(client, {"password": "x"}, "account")) == (403, "recent_sign_in_required")
    assert code_of(ask(client, right, "chat")) == (403, "insufficient_scope")
    assert ask(client, right, "account").status_code == 202


def test_erasing_closes_the_account_and_says_what_comes(browser, ada):
    headers = keyed(ada, "account")

    answer = browser.delete("/v1/account", {}, "application/json")

    assert answer.status_code == 202
    assert answer.json()["status"] == "queued"
    assert browser.get("/v1/auth/me").status_code == 401
    assert Client().get("/v1/auth/me", headers=headers).status_code == 401
    assert Erasure.objects.get().subject == ada.pk


def test_the_last_superuser_is_told(browser, ada):
    User.objects.update(is_superuser=True)

    answer = browser.delete("/v1/account", {}, "application/json")

    assert code_of(answer) == (409, "last_superuser")
    assert browser.get("/v1/auth/me").status_code == 200


def test_a_held_user_is_told_that_it_waits(browser, ada):
    retention.place_hold(user=ada, reason="case 12", actor=UserFactory(is_staff=True))

    answer = browser.delete("/v1/account", {}, "application/json")

    assert (answer.status_code, answer.json()["status"]) == (202, "held")
    assert "legal hold" in answer.json()["detail"]


def test_strange_wishes_are_refused(browser):
    answer = browser.delete("/v1/account", {"shared_documents": "burn"}, "application/json")

    assert answer.status_code == 400
    assert not Erasure.objects.exists()


def test_history_is_cleared(browser, ada):
    message = MessageFactory(session__user=ada)
    MessageFactory(session__user=ada).session.soft_delete()
    other = MessageFactory()

    answer = browser.delete("/v1/account/history")

    assert answer.json() == {"sessions_deleted": 2, "messages_deleted": 2}
    assert set(Session.all_objects.all()) == {other.session}
    assert message.session.user == ada


def test_held_history_stays(browser, ada):
    MessageFactory(session__user=ada)
    retention.place_hold(user=ada, reason="case 12", actor=UserFactory(is_staff=True))

    assert code_of(browser.delete("/v1/account/history")) == (409, "legal_hold")
    assert Session.objects.count() == 1


def test_keys_of_the_scope_may_clear(client, ada):
    assert client.delete("/v1/account/history", headers=keyed(ada, "account")).status_code == 200
    assert client.delete("/v1/account/history", headers=keyed(ada, "chat")).status_code == 403
