"""The wire shape of servers and tools, and who sees what."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from accounts.services import create_api_key
from mcp.enums import Transport
from mcp.models import Server, Tool
from mcp.tests.factories import ServerFactory, StaffFactory, ToolFactory, UserFactory

pytestmark = pytest.mark.django_db

SERVERS, TOOLS = "/v1/mcp/servers", "/v1/tools"


def client_of(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def staff():
    return client_of(StaffFactory())


@pytest.fixture
def ordinary():
    return client_of(UserFactory())


@pytest.mark.parametrize("count", [1, 3])
def test_tools_list_keeps_the_same_number_of_queries(count, ordinary, django_assert_num_queries):
    tools = ToolFactory.create_batch(count)
    ToolFactory(enabled=False)

    with django_assert_num_queries(1):
        body = ordinary.get(TOOLS).json()

    assert [row["name"] for row in body["results"]] == sorted(tool.name for tool in tools)
    assert set(body["results"][0]) == {
        "id",
        "name",
        "safe_name",
        "server",
        "description",
        "input_schema",
        "effects",
        "policy",
        "approver",
        "may_write",
        "may_send",
    }


@pytest.mark.parametrize("count", [1, 3])
def test_servers_list_keeps_the_same_number_of_queries(count, ordinary, django_assert_num_queries):
    servers = ServerFactory.create_batch(count, secrets={"headers": {"X": "s3cret"}})
    ToolFactory.create_batch(2, server=servers[0])
    ServerFactory(enabled=False)

    with django_assert_num_queries(1):
        response = ordinary.get(SERVERS)

    rows = response.json()["results"]
    assert {row["slug"] for row in rows} == {server.slug for server in servers}
    assert sum(row["tool_count"] for row in rows) == 2
    assert "url" not in rows[0]
    assert b"s3cret" not in response.content


def test_staff_see_what_is_off_and_no_secret(staff):
    ServerFactory(enabled=False, secrets={"headers": {"X-Key": "s3cret"}})
    ToolFactory(schema_hash="b" * 64)

    servers, tools = staff.get(SERVERS), staff.get(TOOLS)

    off = next(row for row in servers.json()["results"] if not row["enabled"])
    assert off["header_names"] == ["X-Key"]
    assert b"s3cret" not in servers.content
    assert tools.json()["results"][0]["needs_approval"] is True


def test_staff_create_change_and_remove_a_server(staff):
    made = staff.post(
        SERVERS,
        {"slug": "crm", "url": "http://crm:8080/mcp", "headers": {"X-Key": "s3cret"}},
    )
    place = f"{SERVERS}/{made.json()['id']}"
    changed = staff.patch(place, {"title": "CRM", "headers": {"Other": "x"}, "enabled": False})
    removed = staff.delete(place)

    assert made.status_code == 201
    assert made.json()["transport"] == "http"
    assert b"s3cret" not in made.content
    assert (changed.json()["title"], changed.json()["header_names"]) == ("CRM", ["Other"])
    assert removed.status_code == 204
    assert not Server.objects.exists()


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({"slug": "crm"}, "url"),
        ({"slug": "C R M", "url": "https://x.example.org"}, "slug"),
        ({"slug": "crm", "url": "ftp://x.example.org"}, "url"),
        ({"slug": "crm", "url": "https://"}, "url"),
        ({"slug": "crm", "url": "https://[::1/mcp"}, "url"),
        ({"slug": "crm", "url": "https://anna:pass@x.example.org"}, "url"),
        ({"slug": "crm", "url": "https://x.example.org/a b"}, "url"),
        ({"slug": "crm", "url": "https://x.example.org", "headers": {"A": "1\r\nB: 2"}}, "headers"),
        ({"slug": "crm", "url": "https://x.example.org", "headers": {"Host": "y"}}, "headers"),
        ({"slug": "crm", "url": "https://x.example.org", "headers": {"A B": "y"}}, "headers"),
    ],
)
def test_a_bad_server_is_refused(staff, body, attr):
    response = staff.post(SERVERS, body)

    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"].split(".")[0] == attr
    assert not Server.objects.exists()


def test_the_api_declares_no_programs(staff):
    response = staff.post(SERVERS, {"slug": "sh", "argv": ["/bin/sh"], "transport": "stdio"})

    assert response.status_code == 400
    assert not Server.objects.exists()


def test_a_slug_that_exists_is_a_conflict(staff):
    ServerFactory(slug="crm")

    response = staff.post(SERVERS, {"slug": "crm", "url": "https://x.example.org"})

    assert (response.status_code, response.json()["errors"][0]["code"]) == (
        409,
        "mcp_server_exists",
    )


def test_others_change_nothing(ordinary):
    server, tool = ServerFactory(), ToolFactory()
    place = f"{SERVERS}/{server.pk}"

    answers = [
        ordinary.post(SERVERS, {"slug": "x", "url": "https://x.example.org"}),
        ordinary.patch(place, {"enabled": False}),
        ordinary.delete(place),
        ordinary.post(f"{place}/refresh"),
        ordinary.patch(f"{TOOLS}/{tool.pk}", {"enabled": False}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 5
    assert Tool.objects.get(pk=tool.pk).enabled


def test_nobody_is_refused():
    assert APIClient().get(TOOLS).status_code == 401
    assert APIClient().get(SERVERS).status_code == 401


@pytest.mark.parametrize(("scope", "status"), [("tools", 200), ("chat", 403)])
def test_keys_need_the_scope(scope, status):
    user = UserFactory()
    _, secret = create_api_key(user, name="k", scopes=[scope], actor=user)
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")

    assert client.get(TOOLS).status_code == status


def test_staff_decide_about_a_tool(staff):
    tool = ToolFactory(schema_hash="b" * 64)

    body = staff.patch(
        f"{TOOLS}/{tool.pk}",
        {"policy": "ask", "approve_change": True, "schema_hash": "b" * 64},
    ).json()

    assert (body["policy"], body["own_policy"], body["needs_approval"]) == ("ask", "ask", False)


def test_approving_what_has_changed_is_a_conflict(staff):
    tool = ToolFactory(schema_hash="b" * 64)

    response = staff.patch(f"{TOOLS}/{tool.pk}", {"approve_change": True, "schema_hash": "c" * 64})

    assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "tool_changed")


@pytest.mark.django_db(transaction=True)
def test_refresh_finds_tools_and_says_when_nobody_answers(staff, tiny_url):
    server = ServerFactory(slug="tiny", url=tiny_url)
    dead = ServerFactory(transport=Transport.HTTP, url="http://127.0.0.1:9/mcp")

    found = staff.post(f"{SERVERS}/{server.pk}/refresh")
    staff.raise_request_exception = False  # It is an answer, and also a line in the log.
    silent = staff.post(f"{SERVERS}/{dead.pk}/refresh")

    assert (found.json()["tool_count"], found.json()["status"]) == (9, "ready")
    assert (silent.status_code, silent.json()["errors"][0]["code"]) == (
        503,
        "tool_server_unavailable",
    )


def test_unknown_ids_are_not_found(staff):
    nobody = "00000000-0000-7000-8000-000000000000"

    assert staff.patch(f"{TOOLS}/{nobody}", {}).status_code == 404
    assert staff.delete(f"{SERVERS}/{nobody}").status_code == 404
