"""What all pages share: language, theme, and what each browser keeps."""

import pytest

from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_preferences_of_somebody_unknown_stay_in_the_browser(client):
    client.post("/preferences", {"theme": "dark", "next": "/sign-in"})
    answer = client.post("/preferences", {"language": "it", "next": "/sign-in"})
    shown = client.get(answer["Location"]).content.decode()

    assert 'data-theme="dark"' in shown
    assert 'lang="it"' in shown
    assert '<h1 id="dialog-title">Accedi</h1>' in shown


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


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/x"])
def test_preferences_lead_back_to_our_own_pages(client, wanted):
    assert client.post("/preferences", {"next": wanted})["Location"] == "/"


def test_words_of_modules_exist_in_our_languages_only(client):
    assert client.get("/i18n/it.js")["Content-Type"].startswith("text/javascript")
    assert client.get("/i18n/xx.js").status_code == 404
