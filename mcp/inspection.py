"""What operators should know about tools: which of them are off until somebody agrees to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from mcp.models import Tool
from youworker.core.inspection import Check, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator


def find_tools_awaiting_approval(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Tools that are new or changed, so that no model is offered them."""
    rows = Tool.objects.awaiting_approval().filter(enabled=True).with_server().order_by("pk")
    for tool in rows:
        known = "changed" if tool.approved_hash else "new"
        yield Finding(str(tool.pk), f"{known}, of the server {tool.server.slug}")


TOOL_CHECKS = (
    Check(
        "tools-awaiting-approval",
        _("Tools that are off until staff agree to them: new or changed"),
        find_tools_awaiting_approval,
        is_notice=True,
    ),
)
