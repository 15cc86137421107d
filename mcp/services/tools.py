"""What staff decide about tools, and what of a tool changed since they did."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING, Any, Final

import orjson
from django.db import transaction

from mcp.enums import Approver, Policy
from mcp.exceptions import ToolChanged
from mcp.models import GroupPolicy, Tool
from mcp.services.servers import require_staff
from youworker import audit
from youworker.core.validators import validate_enum

if TYPE_CHECKING:
    from accounts.models import User
    from groups.models import Group

SWITCHES = ("policy", "enabled", "writes", "egress")
# What is changed in a schema of 64 KiB is no longer read line by line; comparing takes a second.
MOST_LINES = 2000
OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS


class Unsaid:
    """Stands for what nobody said, where None says something."""


UNSAID: Final = Unsaid()


@validate_enum("policy", Policy)
@transaction.atomic
def update_tool(
    tool: Tool,
    *,
    policy: str | None = None,
    enabled: bool | None = None,
    writes: bool | Unsaid | None = UNSAID,
    egress: bool | Unsaid | None = UNSAID,
    approve_change: bool = False,
    schema_hash: str = "",
    actor: User | None,
) -> Tool:
    """Change policy, switch or known effects, and agree to the form the tool has now.

    `writes` and `egress` are what staff know; None leaves them to the server's kind. With
    `schema_hash` only that form is agreed to; raises `ToolChanged` when it has moved on.
    """
    require_staff(actor)
    row = Tool.objects.select_for_update(of=("self",)).with_server().get(pk=tool.pk)
    given: dict[str, Any] = {"policy": policy, "enabled": enabled}
    wanted = {name: value for name, value in given.items() if value is not None}
    effects = {"writes": writes, "egress": egress}
    wanted |= {name: value for name, value in effects.items() if value is not UNSAID}
    changed = any(getattr(row, name) != value for name, value in wanted.items())
    for name, value in wanted.items():
        setattr(row, name, value)
    if wanted:
        audit.record("tool.policy.change", actor=actor, target=row, **wanted)
    if approve_change:
        approve(row, schema_hash or tool.schema_hash, actor=actor)
    if changed or approve_change:
        row.edition += 1
    row.save_fields(*SWITCHES, "approved_hash", "approved_form", "edition")
    return row


def approve(row: Tool, seen: str, *, actor: User | None) -> None:
    """Pin the form of the tool that `actor` has seen."""
    if row.schema_hash != seen:
        raise ToolChanged(
            "The tool %(tool)r has changed again: look at it once more.", tool=row.name
        )
    row.approved_hash, row.approved_form = seen, row.form
    audit.record("tool.approve", actor=actor, target=row, schema_hash=seen)


@validate_enum("approver", Approver)
@validate_enum("policy", Policy)
@transaction.atomic
def set_group_policy(
    tool: Tool,
    group: Group,
    *,
    policy: str | None,
    approver: str = Approver.USER,
    actor: User | None,
) -> None:
    """Make a tool stricter for the members of a group; None takes that back.

    `approver` says who is asked where the policy is to ask: the user, or the group's admins.
    """
    require_staff(actor)
    Tool.objects.filter(pk=tool.pk).end_consent()
    if policy is None:
        GroupPolicy.objects.filter(tool=tool, group=group).delete()
    else:
        said = {"policy": policy, "approver": approver}
        GroupPolicy.objects.update_or_create(tool=tool, group=group, defaults=said)
    audit.record(
        "tool.policy.change",
        actor=actor,
        target=tool,
        group=str(group.pk),
        policy=policy,
        **({} if policy is None else {"approver": approver}),
    )


def changes_of(tool: Tool) -> list[str]:
    """The lines of a tool's form that changed, with `+` and `-`, as a unified diff without heads.

    Empty when nothing changed, or when nobody knows what was agreed to; see `Tool.approved_form`.
    """
    if not tool.needs_approval or tool.approved_form is None:
        return []
    former, present = lines_of(tool.approved_form), lines_of(tool.form)
    return list(unified_diff(former, present, lineterm="", n=2))[2:]


def lines_of(form: dict[str, Any]) -> list[str]:
    """A form as people read it, line by line."""
    told = [*str(form.get("description", "")).splitlines(), ""]
    rest = {name: value for name, value in form.items() if name != "description"}
    told += orjson.dumps(rest, option=OPTIONS).decode().splitlines()
    return told[:MOST_LINES]
