"""The staff pages."""

from __future__ import annotations

import pytest
from auditlog.models import LogEntry
from django.urls import reverse

from mcp.enums import Transport
from mcp.tests.factories import ServerFactory, StaffFactory, ToolFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    client.force_login(StaffFactory(is_superuser=True))
    return client


def test_pages_show_no_secret(admin):
    server = ServerFactory(secrets={"headers": {"X-Key": "s3cret"}})
    tool = ToolFactory(server=server)

    for page in (
        reverse("admin:mcp_server_changelist"),
        reverse("admin:mcp_server_change", args=[server.pk]),
        reverse("admin:mcp_tool_changelist"),
        reverse("admin:mcp_tool_change", args=[tool.pk]),
    ):
        response = admin.get(page)
        assert response.status_code == 200
        assert b"s3cret" not in response.content


def test_a_server_is_changed_through_the_service(admin):
    server = ServerFactory()

    admin.post(
        reverse("admin:mcp_server_change", args=[server.pk]),
        {"title": "New", "url": server.url, "enabled": "on"},
    )

    server.refresh_from_db()
    assert server.title == "New"
    actions = [entry.additional_data for entry in LogEntry.objects.all() if entry.additional_data]
    assert any(data.get("action") == "mcp_server.update" for data in actions)


def test_a_program_cannot_be_given_a_url(admin):
    server = ServerFactory(transport=Transport.STDIO, url="", argv=["x"])

    admin.post(
        reverse("admin:mcp_server_change", args=[server.pk]),
        {"title": "T", "url": "http://elsewhere.example.org", "enabled": "on"},
    )

    server.refresh_from_db()
    assert (server.url, server.title) == ("", "T")


def test_nothing_is_added_or_deleted_here(admin):
    server = ServerFactory()

    assert admin.get(reverse("admin:mcp_server_add")).status_code == 403
    assert admin.post(reverse("admin:mcp_server_delete", args=[server.pk])).status_code == 403
    assert admin.get(reverse("admin:mcp_tool_add")).status_code == 403


def test_a_tool_is_agreed_to_by_the_action(admin):
    tool = ToolFactory(schema_hash="b" * 64)

    admin.post(
        reverse("admin:mcp_tool_changelist"),
        {"action": "approve", "_selected_action": [str(tool.pk)]},
    )

    tool.refresh_from_db()
    assert not tool.needs_approval


def test_a_tools_policy_is_changed_through_the_service(admin):
    tool = ToolFactory()
    inlines = {
        f"group_policies-{name}": value
        for name, value in (("TOTAL_FORMS", 0), ("INITIAL_FORMS", 0))
    }

    admin.post(
        reverse("admin:mcp_tool_change", args=[tool.pk]),
        {"policy": "deny", "enabled": "on", **inlines},
    )

    tool.refresh_from_db()
    assert tool.policy == "deny"


@pytest.mark.django_db(transaction=True)
def test_refreshing_reports_each_server(admin, tiny_url):
    alive = ServerFactory(slug="tiny", url=tiny_url)
    dead = ServerFactory(slug="dead", url="http://127.0.0.1:9/mcp")

    response = admin.post(
        reverse("admin:mcp_server_changelist"),
        {"action": "refresh", "_selected_action": [str(alive.pk), str(dead.pk)]},
        follow=True,
    )

    messages = [str(message) for message in response.context["messages"]]
    assert "tiny: 9 tools" in messages
    assert any("'dead' is not available" in message for message in messages)
