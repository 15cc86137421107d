"""Quotas of groups and users, and what every model is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.models import User
from chat.models import SystemPrompt
from chat.services import delete_system_prompt, save_system_prompt
from groups.models import Group
from quotas.models import Quota
from quotas.services import delete_quota, save_quota

if TYPE_CHECKING:
    from collections.abc import Mapping

    from youworker.configuration import shapes
    from youworker.configuration.plan import Plan

LIMITS = ("tokens_per_day", "tokens_per_month", "stored_bytes", "documents", "runs_at_once")


def export_quotas() -> dict[str, Any]:
    """The limits of groups and users, by their names; keys come and go, and so do theirs."""
    groups = Quota.objects.filter(group__deleted_at__isnull=True, group__isnull=False)
    users = Quota.objects.filter(user__isnull=False)
    return {
        "groups": {
            row.group.name: described_quota(row)
            for row in groups.select_related("group").order_by("group__name")
            if row.group
        },
        "users": {
            row.user.username: described_quota(row)
            for row in users.select_related("user").order_by("user__username")
            if row.user
        },
    }


def described_quota(row: Quota) -> dict[str, Any]:
    """Limits as they stand in a file."""
    return {name: getattr(row, name) for name in LIMITS}


def apply_quotas(wanted: shapes.Quotas, plan: Plan) -> None:
    """Set, change and, if that is wished, remove limits."""
    groups = {row.name.lower(): row for row in Group.objects.all()}
    for name, shape in wanted.groups.items():
        group = groups.get(name.lower())
        if group is None:
            raise plan.refusal(("quotas", "groups", name), "there is no such group")
        apply_quota("groups", name, shape, Quota(group=group), plan)
    users = {row.username: row for row in User.objects.filter(username__in=list(wanted.users))}
    for username, shape in wanted.users.items():
        if username in users:
            apply_quota("users", username, shape, Quota(user=users[username]), plan)
        else:
            plan.leave_out(("quotas", "users", username), "there is no such user")
    if plan.prune:
        remove_unnamed(wanted, plan)


def apply_quota(kind: str, name: str, shape: shapes.Quota, draft: Quota, plan: Plan) -> None:
    """Bring the limits of a group or user to what the file says."""
    subject = {"group": draft.group} if draft.group else {"user": draft.user}
    row = Quota.objects.filter(**subject).first()
    path = ("quotas", kind, name)
    changed = plan.compare(path, described_quota(row) if row else None, shape.given())
    row = row or draft
    for field in changed:
        setattr(row, field, getattr(shape, field))
    if changed or row is draft:
        save_quota(row, fields=sorted(changed), actor=None)


def remove_unnamed(wanted: shapes.Quotas, plan: Plan) -> None:
    """Remove the limits of groups and users that a file does not name."""
    groups = {name.lower() for name in wanted.groups}
    for row in Quota.objects.filter(api_key__isnull=True).select_related("group", "user"):
        if row.group and not row.group.is_deleted and row.group.name.lower() not in groups:
            plan.delete(("quotas", "groups", row.group.name))
            delete_quota(row, actor=None)
        elif row.user and row.user.username not in wanted.users:
            plan.delete(("quotas", "users", row.user.username))
            delete_quota(row, actor=None)


def export_system_prompt() -> str | None:
    """What staff tell every model; none where they told nothing."""
    row = SystemPrompt.objects.first()
    return str(row.content) if row and row.content else None


def apply_system_prompt(text: str | None, plan: Plan) -> None:
    """Tell every model what the file says; nothing of ours where it says nothing."""
    row = SystemPrompt.objects.first()
    before: Mapping[str, Any] = {"content": export_system_prompt() or ""}
    path = ("system_prompt",)
    with plan.at(path):
        if not plan.compare(path, before, {"content": text or ""}):
            return
        if text:
            row = row or SystemPrompt()
            row.content = text
            save_system_prompt(row, actor=None)
        elif row is not None:
            delete_system_prompt(row, actor=None)
