"""What all pages share: language, theme, and what each browser keeps."""

import re

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import override
from django.views.i18n import JavaScriptCatalog

from accounts.tests.factories import UserFactory
from chat.models import Session
from youworker.core.pages.base import Page
from youworker.core.pages.words import words_in, words_url

pytestmark = pytest.mark.django_db

WORDS = re.compile(r'<script src="(/i18n/it\.js[^"]*)"')


def test_preferences_of_somebody_unknown_stay_in_the_browser(client):
    client.post("/preferences", {"theme": "dark", "next": "/sign-in"})
    answer = client.post("/preferences", {"language": "it", "next": "/sign-in"})
    shown = client.get(answer["Location"]).content.decode()

    assert 'data-theme="dark"' in shown
    assert 'lang="it"' in shown
    assert "<h1>Accedi</h1>" in shown


def test_the_language_is_kept_in_the_account(client):
    user = UserFactory(language="en")
    client.force_login(user)

    client.post("/preferences", {"language": "it"})

    user.refresh_from_db()
    assert user.language == "it"


@pytest.mark.parametrize("values", [{"theme": "neon"}, {"language": "xx"}, {}])
def test_what_does_not_exist_changes_nothing(client, values):
    answer = client.post("/preferences", values)

    assert answer.status_code == 302
    assert not answer.cookies


@pytest.mark.parametrize(
    ("stood_on", "leads_back"),
    [
        ("http://testserver/collections/add?from=menu", "?next=%2Fcollections%2Fadd%3Ffrom%3Dmenu"),
        ("https://evil.example/collections/add", ""),
        ("", ""),
    ],
)
def test_a_form_sent_without_a_session_leads_back_to_its_page(client, stood_on, leads_back):
    answer = client.post("/collections/add", {"name": "Sales"}, headers={"Referer": stood_on})

    assert answer["Location"] == f"/sign-in{leads_back}"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/x"])
def test_preferences_lead_back_to_our_own_pages(client, wanted):
    assert client.post("/preferences", {"next": wanted})["Location"] == "/"


def test_words_of_modules_exist_in_our_languages_only(client):
    assert client.get("/i18n/it.js")["Content-Type"].startswith("text/javascript")
    assert client.get("/i18n/xx.js").status_code == 404


def test_a_page_names_the_words_it_was_made_with_which_stay_with_the_browser(client):
    client.force_login(UserFactory(language="it"))

    (url,) = WORDS.findall(client.get("/account/profile").content.decode())
    answer = client.get(url)

    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.content == client.get("/i18n/it.js").content
    assert "Copia" in answer.content.decode()


@pytest.mark.parametrize("version", ["", "?v=", "?v=0123456789ab"])
def test_words_of_another_version_are_asked_for_each_time(client, version):
    assert client.get(f"/i18n/it.js{version}")["Cache-Control"] == "no-cache"


def test_other_words_have_another_address(monkeypatch):
    with override("it"):
        url = words_url()
        monkeypatch.setattr(JavaScriptCatalog, "get_catalog", lambda _self: {"Copy": "Altro"})
        words_in.cache_clear()
        changed = words_url()
    words_in.cache_clear()

    assert url != changed


def test_changes_of_an_account_are_counted_in_the_menu_as_elsewhere(client, monkeypatch):
    counted = []
    monkeypatch.setattr(
        "youworker.pages.views.check_rate_limit", lambda name, user: counted.append((name, user))
    )
    user = UserFactory()
    client.force_login(user)

    client.post("/preferences", {"theme": "dark"})
    client.post("/preferences", {"language": "it"})

    assert counted == [("VERY_HIGH", user)]


@pytest.mark.parametrize("path", ["/account/security/totp/confirm", "/account/sessions/end"])
def test_an_address_that_only_takes_forms_leads_on(client, path):
    client.force_login(UserFactory())

    answer = client.get(path, headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert "Go back to the page with the form." in answer.text
    assert 'href="/"' in answer.text
    assert client.put(path).status_code == 405


def test_what_is_sent_to_a_page_counts_once(client, monkeypatch):
    counted = []
    monkeypatch.setattr(
        "youworker.core.pages.base.check_rate_limit", lambda name, user: counted.append(name)
    )
    client.force_login(UserFactory())

    client.post("/groups", {"name": "Sales"})
    client.post("/account/profile", {"display_name": "Ada"})
    client.get("/groups")

    assert counted == ["MODERATE", "VERY_HIGH"]


def test_a_page_may_not_name_a_limit_that_does_not_exist():
    with pytest.raises(ImproperlyConfigured, match="NOPE"):
        type("Odd", (Page,), {"write_limit": "NOPE"})


@pytest.mark.parametrize("wanted", ["/a\r\nX: y", "/a\tb", "/citt\u00e0"])
def test_a_part_of_a_page_leads_to_an_encoded_address(client, wanted):
    client.force_login(UserFactory())
    form = {"act": "delete", "next": wanted}

    plain = client.post("/documents/batch", form)
    part = client.post("/documents/batch", form, headers={"HX-Request": "true"})

    assert part.status_code == 204
    assert part["HX-Redirect"] == plain["Location"]
    assert plain["Location"].isascii()


def test_a_page_of_somebody_who_was_signed_in_before_gets_and_does_nothing(client):
    former, present = UserFactory(), UserFactory()
    client.force_login(present)

    def ask(user):
        headers = {"HX-Request": "true", "X-Page-User": str(user.pk)}
        form = {"text": "For my eyes only"}
        return client.get("/chat/list", headers=headers), client.post(
            "/chat", form, headers=headers
        )

    refused, own = ask(former), ask(present)

    assert [answer.status_code for answer in refused] == [401, 401]
    assert [answer["HX-Trigger"] for answer in refused] == ["yw-signed-out"] * 2
    assert [answer.status_code for answer in own] == [200, 200]
    assert [row.user_id for row in Session.objects.all()] == [present.pk]


def test_nor_does_it_call_the_api(client):
    former, present = UserFactory(), UserFactory()
    client.force_login(present)

    def ask(user):
        headers = {"X-Page-User": str(user.pk)}
        given = {"content_type": "application/json", "headers": headers}
        return client.get("/v1/auth/me", headers=headers), client.post("/v1/sessions", **given)

    refused, own = ask(former), ask(present)

    assert [answer.status_code for answer in refused] == [401, 401]
    assert [answer.status_code for answer in own] == [200, 201]
    assert [row.user_id for row in Session.objects.all()] == [present.pk]


def test_a_page_of_somebody_else_leaves_the_session_as_it_is(client):
    former, present = UserFactory(), UserFactory()
    client.force_login(present)

    client.get("/v1/auth/me", headers={"X-Page-User": str(former.pk)})

    assert client.get("/v1/auth/me").json()["id"] == str(present.pk)
