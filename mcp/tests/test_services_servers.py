"""Declaring, changing and removing servers."""

from __future__ import annotations

import pytest
from auditlog.models import LogEntry
from django.db import connection

from mcp import services
from mcp.enums import Transport
from mcp.exceptions import ServerSlugExists
from mcp.models import Server
from mcp.tests.factories import ServerFactory, StaffFactory, ToolFactory, UserFactory
from youworker.core.exceptions import Conflict, Forbidden, InvalidInput

pytestmark = pytest.mark.django_db

URL = "https://tools.example.org/mcp"


def audited():
    return [entry.additional_data["action"] for entry in LogEntry.objects.order_by("pk")]


def test_create_update_and_delete_leave_audit_lines():
    staff = StaffFactory()

    server = services.create_server("crm", url=URL, headers={"X-Key": "s3cret"}, actor=staff)
    services.update_server(server, title="CRM", enabled=False, actor=staff)
    services.delete_server(server, actor=staff)

    assert audited() == ["mcp_server.create", "mcp_server.update", "mcp_server.delete"]
    assert "s3cret" not in str(list(LogEntry.objects.values_list("additional_data", flat=True)))


def test_headers_are_encrypted_in_the_database():
    server = services.create_server(
        "crm", url=URL, headers={"X-Key": "s3cret"}, actor=StaffFactory()
    )

    with connection.cursor() as cursor:
        cursor.execute("SELECT secrets FROM mcp_server WHERE id = %s", [server.pk])
        (stored,) = cursor.fetchone()
    assert "s3cret" not in stored
    assert Server.objects.get().secrets_called("headers") == {"X-Key": "s3cret"}


def test_headers_of_another_row_are_not_believed():
    one = services.create_server("one", url=URL, headers={"A": "1"}, actor=StaffFactory())
    two = services.create_server("two", url=URL, headers={"B": "2"}, actor=StaffFactory())
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mcp_server SET secrets = (SELECT secrets FROM mcp_server WHERE id = %s)"
            " WHERE id = %s",
            [one.pk, two.pk],
        )

    assert Server.objects.get(slug="two").secrets_called("headers") == {}


def test_a_slug_is_taken_once():
    staff = StaffFactory()
    services.create_server("crm", url=URL, actor=staff)

    with pytest.raises(ServerSlugExists):
        services.create_server("crm", url=URL + "2", actor=staff)

    assert Server.objects.get().url == URL
    assert audited() == ["mcp_server.create"]


@pytest.mark.parametrize("slug", ["", "Upper", "under_score", "a.b", "a" * 33, "-a", "a\n"])
def test_a_slug_is_plain(slug):
    with pytest.raises(InvalidInput):
        services.create_server(slug, url=URL, actor=StaffFactory())


@pytest.mark.parametrize("options", [{}, {"url": URL, "argv": ["x"]}])
def test_a_server_has_either_a_url_or_a_program(options):
    with pytest.raises(InvalidInput):
        services.create_server("crm", **options, actor=None)


def test_programs_are_for_the_console():
    with pytest.raises(Forbidden):
        services.create_server("sh", argv=["/bin/sh"], actor=StaffFactory(is_superuser=True))

    server = services.create_server("sh", argv=["/bin/sh", "-c", "true"], actor=None)
    assert (server.transport, server.argv) == (Transport.STDIO, ["/bin/sh", "-c", "true"])


def test_only_staff_manage_servers():
    user, server = UserFactory(), ServerFactory()

    with pytest.raises(Forbidden):
        services.create_server("crm", url=URL, actor=user)
    with pytest.raises(Forbidden):
        services.update_server(server, enabled=False, actor=user)
    with pytest.raises(Forbidden):
        services.delete_server(server, actor=user)
    with pytest.raises(Forbidden):
        services.update_tool(ToolFactory(), enabled=False, actor=user)


def test_a_program_gets_no_url():
    server = ServerFactory(transport=Transport.STDIO, url="", argv=["x"])

    with pytest.raises(InvalidInput):
        services.update_server(server, url=URL, actor=StaffFactory())


def test_new_headers_replace_the_old_ones_and_keep_the_environment():
    server = ServerFactory(secrets={"headers": {"A": "1"}, "env": {"E": "2"}})

    services.update_server(server, headers={"B": "3"}, actor=StaffFactory())

    server.refresh_from_db()
    assert server.secrets == {"headers": {"B": "3"}, "env": {"E": "2"}}


def test_builtin_servers_are_not_removed():
    with pytest.raises(Conflict):
        services.delete_server(ServerFactory(builtin=True), actor=StaffFactory())


def test_tool_decisions_are_audited_and_checked():
    tool, staff = ToolFactory(schema_hash="b" * 64), StaffFactory()

    services.update_tool(tool, policy="deny", enabled=True, approve_change=True, actor=staff)

    tool.refresh_from_db()
    assert (tool.policy, tool.needs_approval) == ("deny", False)
    assert audited() == ["tool.policy.change", "tool.approve"]
    with pytest.raises(InvalidInput):
        services.update_tool(tool, policy="maybe", actor=staff)
