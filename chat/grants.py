"""What users allow a tool beyond one call, until it ends by time or because the tool changed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from chat.enums import GrantReach
from chat.models import ToolGrant
from mcp.models import Tool
from youworker import audit
from youworker.core.config import config
from youworker.core.exceptions import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from accounts.models import User
    from chat.models import ToolRun


@transaction.atomic
def remember_call(row: ToolRun, *, reach: str, actor: User) -> ToolGrant | None:
    """Let the tool of a call that was just allowed be called without asking; None if it changed.

    In the conversation of the call, or in all of them; for `APPROVAL_GRANT_DAYS` days. Raises
    `InvalidInput`.
    """
    if reach not in GrantReach:
        raise InvalidInput("Allow for `conversation` or `everywhere`.", attr="remember_for")
    if row.tool_id is None:
        return None
    # Whoever changes the tool now waits, and ends this grant as any other.
    tool = Tool.objects.select_for_update(of=("self",)).with_server().filter(pk=row.tool_id).first()
    if tool is None or tool.form_hash != row.form_hash:
        return None
    session = row.session if reach == GrantReach.CONVERSATION else None
    ends = timezone.now() + timedelta(days=config.agent.grant_days)
    grant, _ = ToolGrant.objects.update_or_create(
        user=actor,
        tool=tool,
        session=session,
        defaults={"tool_edition": tool.edition, "expires_at": ends},
    )
    audit.record("tool.approve", actor=actor, target=grant, tool=tool.pk, reach=reach)
    return grant


@transaction.atomic
def revoke_grant(grant_id: UUID, *, actor: User) -> None:
    """End one of the user's grants now; raises `NotFound`."""
    grant = ToolGrant.objects.filter(user=actor, pk=grant_id).first()
    if grant is None:
        raise NotFound("Not found.")
    end_grant(grant, actor=actor)


@transaction.atomic
def revoke_grants(grants: Iterable[ToolGrant], *, actor: User) -> int:
    """End grants of anybody's now, for staff; how many were left."""
    chosen = ToolGrant.objects.filter(pk__in=[grant.pk for grant in grants])
    found = list(chosen.select_for_update())
    for grant in found:
        end_grant(grant, actor=actor)
    return len(found)


def end_grant(grant: ToolGrant, *, actor: User) -> None:
    """End a grant; the next call asks again."""
    audit.record("tool.policy.change", actor=actor, target=grant, tool=grant.tool_id, revoked=True)
    grant.delete()


def remove_ended_grants() -> int:
    """Remove grants that have expired, or whose tool or user is not what it was; how many."""
    return ToolGrant.objects.ended().delete()[0]
