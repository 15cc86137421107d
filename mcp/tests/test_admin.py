"""The staff pages."""

from __future__ import annotations

import re

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from groups.tests.factories import GroupFactory
from mcp.enums import Policy, Transport
from mcp.models import Connection, GroupPolicy, Server, Tool
from mcp.tests.factories import ConnectionFactory, ServerFactory, StaffFactory, ToolFactory

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
        {"title": "New", "url": server.url, "enabled": "on", "authorization": "oauth"},
    )

    server.refresh_from_db()
    assert (server.title, server.authorization) == ("New", "oauth")
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


def test_a_tool_is_agreed_to_by_the_action_in_the_form_that_was_shown(admin):
    tool, moved = ToolFactory(schema_hash="b" * 64), ToolFactory(schema_hash="c" * 64)
    url = reverse("admin:mcp_tool_changelist")
    page = admin.get(url).content.decode()
    shown = dict(re.findall(r'name="(shown_form_[\w-]+)" value="(\w+)"', page))
    Tool.objects.filter(pk=moved.pk).update(schema_hash="d" * 64)

    chosen = {"action": "approve", "_selected_action": [str(tool.pk), str(moved.pk)]}
    answer = admin.post(url, {**chosen, **shown}, follow=True)
    admin.post(url, {**chosen, "_selected_action": [str(moved.pk)]})

    tool.refresh_from_db()
    moved.refresh_from_db()
    assert not tool.needs_approval
    assert moved.needs_approval
    assert f"“{moved.name}” was not agreed to" in answer.content.decode()


@pytest.mark.parametrize("model", [Tool, Server, Connection])
def test_who_may_only_look_has_no_action_that_changes(client, model):
    staff = StaffFactory()
    names = [f"view_{model._meta.model_name}"]
    staff.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(staff)
    tool = ToolFactory(schema_hash="b" * 64)
    rows = {Tool: tool, Server: tool.server, Connection: ConnectionFactory(server=tool.server)}
    page = reverse(f"admin:mcp_{model._meta.model_name}_changelist")
    shown = {f"shown_form_{tool.pk}": tool.schema_hash}

    offered = client.get(page).content.decode()
    for action in ("approve", "refresh", "end"):
        chosen = {"action": action, "_selected_action": [str(rows[model].pk)]}
        client.post(page, {**chosen, **shown})

    assert set(re.findall(r'<option value="(\w+)"', offered)) == {"export_rows"}
    tool.refresh_from_db()
    assert tool.needs_approval
    assert Connection.objects.exists()
    assert not LogEntry.objects.exists()


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


def policies_form(tool, *rows):
    """What the page of a tool sends; a row is a policy's id, its group's, and the fields."""
    initial = sum(bool(pk) for pk, _, _ in rows)
    form = {"TOTAL_FORMS": len(rows), "INITIAL_FORMS": initial}
    for number, (pk, group, fields) in enumerate(rows):
        values = {"id": pk, "tool": str(tool.pk), "group": str(group.pk)}
        values |= {"approver": "user", **fields}
        form |= {f"{number}-{name}": value for name, value in values.items()}
    inlines = {f"group_policies-{name}": value for name, value in form.items()}
    return {"policy": tool.policy, "enabled": "on", **inlines}


def test_policies_of_groups_are_changed_through_the_service(admin):
    tool, kept, moved, dropped = ToolFactory(), GroupFactory(), GroupFactory(), GroupFactory()
    other, new = GroupFactory(), GroupFactory()
    rows = [
        GroupPolicy.objects.create(tool=tool, group=group, policy=Policy.ASK)
        for group in (kept, moved, dropped)
    ]
    ids = [str(row.pk) for row in rows]
    LogEntry.objects.all().delete()

    admin.post(
        reverse("admin:mcp_tool_change", args=[tool.pk]),
        policies_form(
            tool,
            (ids[0], kept, {"policy": Policy.ASK}),
            (ids[1], other, {"policy": Policy.DENY}),
            (ids[2], dropped, {"policy": Policy.ASK, "DELETE": "on"}),
            ("", new, {"policy": Policy.ASK, "approver": "admin"}),
        ),
    )

    stored = GroupPolicy.objects.filter(tool=tool).values_list("group", "policy", "approver")
    wanted_rows = {(kept.pk, "ask", "user"), (other.pk, "deny", "user"), (new.pk, "ask", "admin")}
    assert set(stored) == wanted_rows
    entries = [entry.additional_data or {} for entry in LogEntry.objects.all()]
    told = {entry["group"]: entry["policy"] for entry in entries if "group" in entry}
    wanted = {moved: None, dropped: None, other: "deny", new: "ask"}
    assert told == {str(group.pk): policy for group, policy in wanted.items()}


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
