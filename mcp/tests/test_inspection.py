"""What the doctor says about tools."""

from __future__ import annotations

import pytest
from django.db import connection

from mcp.enums import Authorization, ConnectionStatus, ServerStatus
from mcp.inspection import TOOL_CHECKS
from mcp.tests.factories import ConnectionFactory, ServerFactory, ToolFactory

pytestmark = pytest.mark.django_db

CHECKS = {check.name: check for check in TOOL_CHECKS}


def seen(name, *, deep=False):
    return [finding.subject for finding in CHECKS[name].look(deep)]


def test_nothing_is_said_where_all_is_well():
    ConnectionFactory(server__last_seen_at="2026-01-01T00:00:00Z")
    ToolFactory()

    assert [name for name in CHECKS if seen(name)] == []


def test_servers_and_tools_that_need_somebody_are_named_by_id():
    failed = ServerFactory(status=ServerStatus.FAILED)
    ServerFactory(status=ServerStatus.FAILED, enabled=False)
    waiting = ServerFactory(authorization=Authorization.OAUTH)
    changed = ToolFactory(schema_hash="b" * 64)

    assert seen("failed-tool-servers") == [str(failed.pk)]
    assert seen("unknown-tool-servers") == [str(waiting.pk)]
    assert seen("tools-awaiting-approval") == [str(changed.pk)]


def test_a_connection_that_cannot_be_read_asks_for_a_new_sign_in():
    good, damaged = ConnectionFactory(), ConnectionFactory()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mcp_connection SET tokens = 'x' || tokens WHERE id = %s", [damaged.pk]
        )

    found = seen("unreadable-connections")
    mended = CHECKS["unreadable-connections"].repair([*found, str(good.pk)])

    assert (found, mended) == ([str(damaged.pk)], 1)
    good.refresh_from_db()
    damaged.refresh_from_db()
    assert good.status == ConnectionStatus.CONNECTED
    assert damaged.status == ConnectionStatus.SIGN_IN_NEEDED
