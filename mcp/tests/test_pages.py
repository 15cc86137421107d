"""The page of connected tools, and the same over the API."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from rest_framework.test import APIClient

from accounts.services import create_api_key
from mcp.enums import Authorization, ConnectionStatus, ServerStatus
from mcp.models import Connection, Server
from mcp.tests.authorization import SignInServer
from mcp.tests.factories import ConnectionFactory, ServerFactory, StaffFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def double():
    with SignInServer() as server:
        yield server


@pytest.fixture
def server(double):
    return ServerFactory(
        slug="crm", title="The CRM", url=double.url, authorization=Authorization.OAUTH
    )


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def browser(client, user):
    client.force_login(user)
    return client


def way_in(answer):
    """The address that the page before the sign-in leads to."""
    return answer.context["url"]


def test_somebody_connects_by_the_page_and_the_tools_are_found(browser, double, server, user):
    shown = browser.get("/account/tools").content.decode()
    asked = browser.post(f"/account/tools/{server.pk}/connect")
    said = double.agree(way_in(asked))
    back = browser.get("/account/tools/callback", said, follow=True).content.decode()

    server.refresh_from_db()
    assert "The CRM" in shown
    assert urlsplit(double.origin).netloc in asked.content.decode()
    redirect = parse_qs(urlsplit(way_in(asked)).query)["redirect_uri"]
    assert redirect == ["http://testserver/account/tools/callback"]
    assert "You are connected to The CRM." in back
    assert Connection.objects.get().user == user
    assert server.status == ServerStatus.READY
    assert server.tools.count() == 1


def test_pages_show_no_token_and_lead_nowhere_else(browser, double, server, user):
    asked = browser.post(f"/account/tools/{server.pk}/connect")
    browser.get(
        "/account/tools/callback", {**double.agree(way_in(asked)), "next": "//evil.example"}
    )

    shown = browser.get("/account/tools").content.decode()

    row = Connection.objects.get()
    assert row.secret_called("access") not in shown
    assert row.secret_called("refresh") not in shown


def test_what_a_hostile_answer_says_is_not_shown(browser, server):
    said = {"error": "<script>alert(1)</script>", "state": "made up", "iss": "https://evil.example"}

    answer = browser.get("/account/tools/callback", said)
    shown = browser.get(answer["Location"]).content.decode()

    assert answer["Location"] == "/account/tools"
    assert "begun elsewhere" in shown
    assert "<script>alert" not in shown
    assert not Connection.objects.exists()


def test_trouble_with_the_sign_in_is_told_on_the_page(browser, double, server):
    double.metadata = {"code_challenge_methods_supported": ["plain"]}

    shown = browser.post(f"/account/tools/{server.pk}/connect", follow=True).content.decode()

    assert "PKCE" in shown


def test_disconnecting_by_the_page(browser, double, server, user):
    ConnectionFactory(user=user, server=server)

    shown = browser.post(f"/account/tools/{server.pk}/disconnect", follow=True).content.decode()

    assert "no longer connected to The CRM" in shown
    assert not Connection.objects.exists()


def test_a_connection_of_another_user_is_absent(browser, server):
    other = ConnectionFactory(server=server)

    by_page = browser.post(f"/account/tools/{server.pk}/disconnect")
    by_api = browser.delete(f"/v1/mcp/servers/{server.pk}/connection")

    assert (by_page.status_code, by_api.status_code) == (404, 404)
    assert Connection.objects.filter(pk=other.pk).exists()


def test_the_api_connects_whoever_has_a_session(browser, double, server):
    before = browser.get("/v1/mcp/connections").json()
    asked = browser.post(f"/v1/mcp/servers/{server.pk}/connection")
    browser.get("/account/tools/callback", double.agree(asked.json()["authorization_url"]))
    after = browser.get("/v1/mcp/connections").json()
    ended = browser.delete(f"/v1/mcp/servers/{server.pk}/connection")

    assert [each["status"] for each in before] == [ConnectionStatus.SIGN_IN_NEEDED]
    assert [each["status"] for each in after] == [ConnectionStatus.CONNECTED]
    assert after[0]["server"] == "crm"
    assert "token" not in str(after)
    assert ended.status_code == 204


def test_a_key_cannot_sign_in_but_sees_and_disconnects(server, user):
    ConnectionFactory(user=user, server=server)
    _, secret = create_api_key(user, name="k", scopes=["tools"], actor=user)
    program = APIClient(headers={"Authorization": f"Bearer {secret}"})

    begun = program.post(f"/v1/mcp/servers/{server.pk}/connection")
    seen = program.get("/v1/mcp/connections")
    ended = program.delete(f"/v1/mcp/servers/{server.pk}/connection")

    assert (begun.status_code, begun.json()["errors"][0]["code"]) == (403, "browser_needed")
    assert seen.json()[0]["server"] == "crm"
    assert ended.status_code == 204


def test_staff_declare_a_sign_in_and_its_secret_is_never_shown(double):
    staff = APIClient()
    staff.force_authenticate(StaffFactory())
    body = {
        "slug": "crm",
        "url": double.url,
        "authorization": "oauth",
        "client_id": "by-hand",
        "client_secret": "hush-hush",
        "scope": "read",
    }

    made = staff.post("/v1/mcp/servers", body, format="json")
    changed = staff.patch(f"/v1/mcp/servers/{made.json()['id']}", {"client_id": ""}, format="json")

    assert made.status_code == 201
    assert (made.json()["client_id"], made.json()["authorization"]) == ("by-hand", "oauth")
    assert "hush-hush" not in str(made.json())
    assert changed.json()["client_id"] == ""
    assert Server.objects.get().secrets_called("client") == {}


def test_without_a_sign_in_of_staff_the_tools_stay_unknown(double, server):
    staff = APIClient()
    staff.force_authenticate(StaffFactory())

    refreshed = staff.post(f"/v1/mcp/servers/{server.pk}/refresh")

    assert (refreshed.status_code, refreshed.json()["errors"][0]["code"]) == (
        409,
        "tool_sign_in_required",
    )


def test_the_admin_shows_connections_without_tokens_and_ends_them(client):
    client.force_login(StaffFactory(is_superuser=True))
    row = ConnectionFactory(tokens={"access": "access-77", "refresh": "refresh-77"})

    listed = client.get("/admin/mcp/connection/").content.decode()
    shown = client.get(f"/admin/mcp/connection/{row.pk}/change/").content.decode()
    client.post("/admin/mcp/connection/", {"action": "end", "_selected_action": [str(row.pk)]})

    assert "access-77" not in listed + shown
    assert "refresh-77" not in listed + shown
    assert "hush" not in shown
    assert not Connection.objects.exists()
