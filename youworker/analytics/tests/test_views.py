"""The routes and the page: whose use, in which zone, and what is refused."""

import pytest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import translation

from accounts.services import create_api_key
from accounts.tests.factories import UserFactory
from chat.services import create_session
from quotas.tests.factories import use_tokens
from youworker.analytics.pages import by_kind, told

pytestmark = pytest.mark.django_db

VIEWS = (
    "overview",
    "tokens-timeline",
    "tool-performance",
    "tool-timeline",
    "ingestion-stats",
    "session-activity",
)


@pytest.fixture
def ada():
    return UserFactory(time_zone="Asia/Tokyo")


def with_key(client, user, *scopes):
    _, secret = create_api_key(user, name="k", scopes=list(scopes), actor=user)
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return client


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_says_what_it_is_about(client, ada, view):
    client.force_login(ada)

    answer = client.get(f"/v1/analytics/{view}")
    asked = client.get(
        f"/v1/analytics/{view}", {"days": 7, "interval": "hour", "tz": "Europe/Rome"}
    )

    assert (answer.status_code, asked.status_code) == (200, 200)
    assert (answer.json()["tz"], answer.json()["interval"]) == ("Asia/Tokyo", "day")
    assert (asked.json()["tz"], asked.json()["scope"]) == ("Europe/Rome", "own")
    if "timeline" in answer.json():
        assert len(answer.json()["timeline"]) == 30


@pytest.mark.parametrize("view", VIEWS)
def test_everybodys_use_is_for_staff(client, ada, view):
    client.force_login(ada)
    assert client.get(f"/v1/analytics/{view}", {"scope": "all"}).status_code == 403

    client.force_login(UserFactory(is_staff=True))
    assert client.get(f"/v1/analytics/{view}", {"scope": "all"}).json()["scope"] == "all"


def test_a_key_of_staff_needs_the_scope_of_what_it_asks(client):
    boss = UserFactory(is_staff=True)
    with_key(client, boss, "account")

    assert client.get("/v1/analytics/overview").status_code == 200
    refused = client.get("/v1/analytics/overview", {"scope": "all"})
    assert refused.status_code == 403
    assert refused.json()["errors"][0]["code"] == "insufficient_scope"


def test_a_key_with_the_scope_may_ask_for_everybody(client):
    with_key(client, UserFactory(is_staff=True), "admin")

    assert client.get("/v1/analytics/overview", {"scope": "all"}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "attr"),
    [
        ({"days": "0"}, "days"),
        ({"days": "9999999999999999999999"}, "days"),
        ({"days": "x"}, "days"),
        ({"interval": "year"}, "interval"),
        ({"interval": "hour", "days": "300"}, "days"),
        ({"tz": "Mars/Olympus"}, "tz"),
        ({"tz": "'; DROP TABLE x"}, "tz"),
        ({"tz": "\x00"}, "tz"),
        ({"scope": "bob"}, "scope"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_name(client, ada, asked, attr):
    client.force_login(ada)

    answer = client.get("/v1/analytics/tokens-timeline", asked)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == attr


def test_numbers_are_the_callers_own(client, ada):
    use_tokens(ada.pk, 3, 4)
    use_tokens(UserFactory().pk, 100, 100)
    client.force_login(ada)

    totals = client.get("/v1/analytics/overview", {"days": 1}).json()["totals"]

    assert (totals["runs"], totals["tokens_in"], totals["tokens_out"]) == (1, 3, 4)


def test_the_page_shows_figures_charts_and_tables(client, ada):
    create_session(actor=ada)
    use_tokens(ada.pk, 1234, 5678)
    client.force_login(ada)

    shown = client.get(reverse("analytics"), {"days": "7"}).content.decode()

    assert "5,678" in shown
    assert shown.count("<svg viewBox") == 2
    assert shown.count("Nothing in this time.") == 2
    assert "Everybody" not in shown


@pytest.mark.parametrize("query", ["?days=9", "?days=x&scope=all", "?scope=other", "?days=-1"])
def test_an_odd_address_shows_the_usual_period_of_oneself(client, ada, query):
    use_tokens(UserFactory().pk, 0, 987654)
    client.force_login(ada)

    answer = client.get(reverse("analytics") + query)

    assert answer.status_code == 200
    assert "987,654" not in answer.content.decode()


@pytest.mark.parametrize("days", [1, 7, 30, 90, 365])
def test_staff_see_everybody_on_the_page(client, days):
    use_tokens(UserFactory().pk, 0, 987654)
    client.force_login(UserFactory(is_staff=True))

    shown = client.get(reverse("analytics"), {"days": days, "scope": "all"}).content.decode()

    assert "987,654" in shown
    assert "Active people" in shown


def test_the_page_speaks_the_users_language(client):
    ada = UserFactory(language="it")
    use_tokens(ada.pk, 0, 5678)
    client.force_login(ada)

    shown = client.get(reverse("analytics")).content.decode()

    assert "5.678" in shown
    assert "Answers" not in shown


def test_file_types_are_told_as_people_call_them():
    row = {"failed": 1, "bytes": 2000, "p50_ms": None}
    types = [
        {"name": "text/plain", "files": 2, **row},
        {"name": "application/pdf", "files": 3, **row},
        {"name": "text/markdown", "files": 2, **row},
        {"name": "audio/wav", "files": 1, **row},
        {"name": "", "files": 1, **row},
        {"name": "chemical/x-pdb", "files": 1, **row},
    ]

    with translation.override("en"):
        lines = [told(line) for line in by_kind(types)]
        found = [(str(line["name"]), line["files"], line["failed"]) for line in lines]
        amount = filesizeformat(4000)

    assert found == [
        ("Plain text or data", "4", "2"),
        ("PDF", "3", "1"),
        ("Recording", "1", "1"),
        ("Not recognized", "1", "1"),
        ("chemical/x-pdb", "1", "1"),
    ]
    assert lines[0]["bytes"] == amount


@pytest.mark.parametrize(
    ("language", "name", "value", "words"),
    [
        ("en", "p50_ms", 88.4, "88 ms"),
        ("it", "p95_ms", 12_345, "12,3 s"),
        ("it", "tokens_in", 1203, "1.203"),
        ("en", "p50_ms", None, None),
        ("en", "name", "quote", "quote"),
    ],
)
def test_a_number_is_told_in_the_readers_language(language, name, value, words):
    with translation.override(language):
        assert told({name: value}) == {name: words}
