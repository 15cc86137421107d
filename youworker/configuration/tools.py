"""What staff, and groups, may say of the tools of a server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from groups.models import Group
from mcp.models import GroupPolicy, Server, Tool
from mcp.services import set_group_policy, update_tool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from youworker.configuration import shapes
    from youworker.configuration.plan import Plan
    from youworker.configuration.reading import Path

PLAIN = ("policy", "enabled", "writes", "egress")


def described_tools(server: Server) -> dict[str, Any]:
    """The tools that a server has now, as they stand in a file."""
    rows = Tool.objects.filter(server=server, missing_since__isnull=True).order_by("local_name")
    return {row.local_name: described_tool(row, server) for row in rows}


def described_tool(row: Tool, server: Server) -> dict[str, Any]:
    """A tool as it stands in a file."""
    said: dict[str, Any] = {name: getattr(row, name) for name in PLAIN}
    # The forms of our own tools change with the version.
    if not server.builtin and not row.needs_approval:
        said["approved"] = row.approved_hash
    groups = described_policies(row)
    return said | ({"groups": groups} if groups else {})


def described_policies(row: Tool) -> dict[str, Any]:
    """What living groups may do with a tool."""
    rows = GroupPolicy.objects.filter(tool=row, group__deleted_at__isnull=True)
    return {
        one.group.name: {"policy": one.policy, "approver": one.approver}
        for one in rows.select_related("group").order_by("group__name")
    }


@dataclass(slots=True)
class ToolsApplied:
    """Brings the tools of one server to what a file says; those it does not name stay."""

    plan: Plan
    server: Server

    def apply(self, path: Path, wanted: Mapping[str, shapes.Tool]) -> None:
        """Change what is said of tools; those that are not known yet are told."""
        rows = {row.local_name: row for row in Tool.objects.filter(server=self.server)}
        for name, shape in wanted.items():
            place = (*path, name)
            if name not in rows:
                self.plan.leave_out(
                    place,
                    "the tool is not known yet: run manage.py refresh_mcp_servers, and apply again",
                )
                continue
            with self.plan.at(place):
                self.apply_one(place, shape, rows[name])

    def apply_one(self, path: Path, shape: shapes.Tool, row: Tool) -> None:
        """Bring one tool to what the file says of it."""
        after = shape.given(*PLAIN)
        before: dict[str, Any] = {name: getattr(row, name) for name in PLAIN}
        before |= {"groups": described_policies(row), "approved": row.approved_hash}
        if "groups" in shape.model_fields_set:
            after["groups"] = {name: one.model_dump() for name, one in shape.groups.items()}
        if self.may_approve(path, shape, row):
            after["approved"] = shape.approved
        changed = self.plan.compare(path, before, after)
        # The policy as it will be, for groups may only be stricter where services say so.
        if changed - {"groups"}:
            changes = {name: after[name] for name in changed & set(PLAIN)}
            update_tool(
                row,
                approve_change="approved" in changed,
                schema_hash=shape.approved,
                actor=None,
                **changes,
            )
        if "groups" in changed:
            self.apply_policies(path, shape, row, before["groups"])

    def may_approve(self, path: Path, shape: shapes.Tool, row: Tool) -> bool:
        """Whether the tool has the form that was agreed to, where the file says so."""
        if not shape.approved or shape.approved == row.approved_hash:
            return False
        if shape.approved != row.schema_hash:
            self.plan.leave_out(
                (*path, "approved"),
                "the tool is another one than was agreed to: look at it in the admin",
            )
            return False
        return True

    def apply_policies(
        self, path: Path, shape: shapes.Tool, row: Tool, before: Mapping[str, Any]
    ) -> None:
        """Make these the policies of groups for a tool."""
        groups = {group.name.lower(): group for group in Group.objects.all()}
        for name, one in shape.groups.items():
            group = groups.get(name.lower())
            if group is None:
                raise self.plan.refusal((*path, "groups", name), "there is no such group")
            if before.get(name) != one.model_dump():
                set_group_policy(row, group, policy=one.policy, approver=one.approver, actor=None)
        for name in before.keys() - shape.groups.keys():
            set_group_policy(row, groups[name.lower()], policy=None, actor=None)
