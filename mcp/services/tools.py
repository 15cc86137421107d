"""What staff decide about tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from mcp.enums import Policy
from mcp.exceptions import ToolChanged
from mcp.models import GroupPolicy, Tool
from mcp.services.servers import require_staff
from youworker import audit
from youworker.core.validators import validate_enum

if TYPE_CHECKING:
    from accounts.models import User
    from groups.models import Group


@validate_enum("policy", Policy)
@transaction.atomic
def update_tool(
    tool: Tool,
    *,
    policy: str | None = None,
    enabled: bool | None = None,
    approve_change: bool = False,
    schema_hash: str = "",
    actor: User,
) -> Tool:
    """Change policy or switch, and agree to the form the tool has now.

    With `schema_hash` only that form is agreed to; raises `ToolChanged` when it has moved on.
    """
    require_staff(actor)
    row = Tool.objects.select_for_update(of=("self",)).with_server().get(pk=tool.pk)
    changes: dict[str, Any] = {"policy": policy, "enabled": enabled}
    wanted = {name: value for name, value in changes.items() if value is not None}
    for name, value in wanted.items():
        setattr(row, name, value)
    if wanted:
        audit.record("tool.policy.change", actor=actor, target=row, **wanted)
    if approve_change:
        approve(row, schema_hash or tool.schema_hash, actor=actor)
    row.save_fields("policy", "enabled", "approved_hash")
    return row


def approve(row: Tool, seen: str, *, actor: User) -> None:
    """Pin the form of the tool that `actor` has seen."""
    if row.schema_hash != seen:
        raise ToolChanged(f"The tool {row.name!r} has changed again: look at it once more.")
    row.approved_hash = seen
    audit.record("tool.approve", actor=actor, target=row, schema_hash=seen)


@validate_enum("policy", Policy)
@transaction.atomic
def set_group_policy(tool: Tool, group: Group, *, policy: str | None, actor: User) -> None:
    """Make a tool stricter for the members of a group; None takes that back."""
    require_staff(actor)
    if policy is None:
        GroupPolicy.objects.filter(tool=tool, group=group).delete()
    else:
        GroupPolicy.objects.update_or_create(tool=tool, group=group, defaults={"policy": policy})
    audit.record(
        "tool.policy.change",
        actor=actor,
        target=tool,
        group=str(group.pk),
        policy=policy,
    )
