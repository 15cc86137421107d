"""Whether a call may be made without anybody's word, and whose word counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp.enums import Policy
from mcp.models import GroupPolicy
from youworker.core.exceptions import Forbidden

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from mcp.calls import CallContext
    from mcp.models import Tool


def require_consent(tool: Tool, context: CallContext) -> None:
    """Raise `Forbidden` unless the call needs nobody's word, or has the right one.

    `tool` is annotated by `with_policy_for`, now: what was allowed is an allowance of the tool as
    it was then, by somebody who may still give it.
    """
    if context.form_hash and tool.form_hash != context.form_hash:
        raise Forbidden(
            "The tool %(tool)r has changed since somebody was asked about it.", tool=tool.name
        )
    asks = tool.policy_in_force == Policy.ASK
    if not asks and not (tool.has_consequences and read_of_others(context)):
        return
    if not context.approved:
        raise Forbidden("The user has not allowed this call of %(tool)r.", tool=tool.name)
    if asks and tool.needs_admin and not may_approve(context, tool.pk):
        raise Forbidden("No admin of the group has allowed this call of %(tool)r.", tool=tool.name)


def read_of_others(context: CallContext) -> bool:
    """Whether the model behind a call has read, by now, what others may have written."""
    return context.is_tainted is not None and context.is_tainted()


def may_approve(context: CallContext, tool_id: UUID) -> bool:
    """Whether a call was allowed by somebody who is an admin of one of the groups that ask."""
    if context.approver_id is None:
        return False
    asking = GroupPolicy.objects.filter(tool_id=tool_id).asking_admins().of_member(context.user_id)
    return asking.managed_by(context.approver_id).exists()


def approving_groups(tool_id: UUID, user_id: UUID) -> list[str]:
    """The names of the groups whose admins are asked about somebody's calls of a tool.

    None of them: the user is asked.
    """
    return approvers_of([(tool_id, user_id)])[tool_id, user_id]


def approvers_of(calls: Iterable[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], list[str]]:
    """The same for several pairs of a tool and a user, by one query."""
    found: dict[tuple[UUID, UUID], list[str]] = {pair: [] for pair in calls}
    tools, users = {pair[0] for pair in found}, {pair[1] for pair in found}
    asking = GroupPolicy.objects.asking_admins().of_members(users).filter(tool_id__in=tools)
    rows = asking.values_list("tool_id", "group__memberships__user_id", "group__name")
    for tool_id, user_id, name in rows.order_by("group__name", "group_id"):
        if (tool_id, user_id) in found:
            found[tool_id, user_id].append(name)
    return found
