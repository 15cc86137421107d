"""Bringing an installation to what a file says, as a whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from youworker.configuration.limits import apply_quotas, apply_system_prompt
from youworker.configuration.model_servers import ModelServersApplied
from youworker.configuration.people import GroupsApplied, apply_collections
from youworker.configuration.plan import Plan
from youworker.configuration.secrets import Secrets
from youworker.configuration.tool_servers import ToolServersApplied, disconnect_unnamed
from youworker.core.sql import lock_names

if TYPE_CHECKING:
    from accounts.models import User
    from youworker.configuration.reading import Written
    from youworker.configuration.shapes import Configuration

ONE_AT_A_TIME = "configuration"


def apply_configuration(
    wanted: Configuration,
    written: Written,
    *,
    founder: User,
    secrets: Secrets | None = None,
    prune: bool = False,
    dry_run: bool = False,
) -> Plan:
    """Do what a file says, or only find out what that would be; raises `InvalidConfiguration`.

    It is tried first and undone, so nothing outside is told of what is refused later.
    """
    known = secrets or Secrets()
    plan = carry_out(wanted, Plan(written, prune), founder, known, undo=True)
    if dry_run or not plan.steps:
        return plan
    if prune and "tool_servers" in wanted.model_fields_set:
        disconnect_unnamed(wanted.tool_servers)
    return carry_out(wanted, Plan(written, prune), founder, known, undo=False)


@transaction.atomic
def carry_out(
    wanted: Configuration, plan: Plan, founder: User, secrets: Secrets, *, undo: bool
) -> Plan:
    """Apply the parts that the file has, in the order in which they need each other."""
    lock_names(ONE_AT_A_TIME)
    said = wanted.model_fields_set
    if "system_prompt" in said:
        apply_system_prompt(wanted.system_prompt, plan)
    if "groups" in said:
        GroupsApplied(plan, founder).apply(wanted.groups)
    if "collections" in said:
        apply_collections(wanted.collections, plan)
    if "model_servers" in said:
        ModelServersApplied(plan, secrets).apply(wanted.model_servers)
    if "tool_servers" in said:
        ToolServersApplied(plan, secrets).apply(wanted.tool_servers)
    if wanted.quotas is not None:
        apply_quotas(wanted.quotas, plan)
    if undo:
        transaction.set_rollback(True)
    return plan
