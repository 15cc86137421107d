"""What staff should know of tool servers and of the sign-ins at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from mcp.enums import Authorization, ConnectionStatus, ServerStatus
from mcp.models import Connection, Server, Tool
from youworker.core.inspection import Check, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROWS_AT_ONCE = 500


def find_failed_servers(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Tool servers in use that did not answer when they were asked last."""
    rows = Server.objects.remote().filter(status=ServerStatus.FAILED)
    for pk, fault in rows.order_by("pk").values_list("pk", "last_error"):
        yield Finding(str(pk), fault)


def find_unknown_servers(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Servers at which users sign in, and whose tools nobody could ask for yet."""
    rows = Server.objects.remote().filter(
        authorization=Authorization.OAUTH, last_seen_at__isnull=True
    )
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        yield Finding(str(pk))


def find_tools_awaiting_approval(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Tools that are new or changed, so that no model is offered them."""
    rows = Tool.objects.awaiting_approval().filter(enabled=True).with_server().order_by("pk")
    for tool in rows:
        known = "changed" if tool.approved_hash else "new"
        yield Finding(str(tool.pk), f"{known}, of the server {tool.server.slug}")


def find_unreadable_connections(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Sign-ins that count as good, with tokens that cannot be decrypted."""
    for row in Connection.objects.connected().order_by("pk").iterator(ROWS_AT_ONCE):
        if not row.secret_called("access"):
            yield Finding(str(row.pk))


def end_connections(ids: Sequence[str]) -> int:
    """Let users sign in anew; how many have to."""
    unreadable = {one.subject for one in find_unreadable_connections(deep=False)} & set(ids)
    rows = Connection.objects.filter(pk__in=unreadable)
    return rows.update(status=ConnectionStatus.SIGN_IN_NEEDED)


TOOL_CHECKS = (
    Check(
        "unreadable-connections",
        _("Connections to tool servers that cannot be decrypted"),
        find_unreadable_connections,
        end_connections,
    ),
    Check(
        "failed-tool-servers",
        _("Tool servers that did not answer"),
        find_failed_servers,
        is_notice=True,
    ),
    Check(
        "unknown-tool-servers",
        _("Tool servers that wait for the first sign-in of staff"),
        find_unknown_servers,
        is_notice=True,
    ),
    Check(
        "tools-awaiting-approval",
        _("Tools that are off until staff agree to them: new or changed"),
        find_tools_awaiting_approval,
        is_notice=True,
    ),
)
