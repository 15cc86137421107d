"""Repositories of tool servers and tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db.models import Case, CharField, Count, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from mcp.enums import Policy, Transport
from youworker.core.managers import BaseQuerySet

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from accounts.models import User
    from mcp.models import GroupPolicy, Server, Tool

DISCOVERED = ("safe_name", "description", "input_schema", "recipe", "schema_hash", "effects")
STRICTNESS = {Policy.AUTO: 0, Policy.ASK: 1, Policy.DENY: 2}


class ServerQuerySet(BaseQuerySet["Server"]):
    """Tool servers."""

    def visible_to(self, user: User) -> Self:
        """Limit to servers in use; staff see every one."""
        return self if user.is_staff else self.filter(enabled=True)

    def remote(self) -> Self:
        """Limit to servers that have to be asked which tools they have."""
        return self.filter(enabled=True).exclude(transport=Transport.INPROCESS)

    def with_tool_count(self) -> Self:
        """Annotate `tool_count`: the tools the server has now."""
        return self.annotate(tool_count=Count("tools", Q(tools__missing_since__isnull=True)))

    def by_slug(self) -> Self:
        """In the order of the short names, without the documents, which are large."""
        return self.defer("document").order_by("slug")


class ToolQuerySet(BaseQuerySet["Tool"]):
    """Tools of all servers."""

    def visible_to(self, user: User) -> Self:
        """Limit to tools that are in use; staff see every one."""
        return self if user.is_staff else self.usable()

    def usable(self) -> Self:
        """Limit to tools that are there, switched on and unchanged since their approval."""
        return self.filter(
            enabled=True,
            missing_since__isnull=True,
            schema_hash=F("approved_hash"),
            server__enabled=True,
        )

    def allowed_to(self, user: User | UUID) -> Self:
        """Limit to tools that are usable and not denied to the user; with `policy_in_force`."""
        return self.usable().with_policy_for(user).exclude(policy_in_force=Policy.DENY)

    def with_policy_for(self, user: User | UUID) -> Self:
        """Annotate `policy_in_force`: the strictest of the tool's and the user's groups'."""
        user_id = user if isinstance(user, UUID) else user.pk
        own = self.related_rows("group_policies", GroupPolicyQuerySet).filter(
            tool=OuterRef("pk"),
            group__memberships__user_id=user_id,
            group__deleted_at__isnull=True,
        )
        of_groups = own.strictest_first().values("policy")[:1]
        strictest = Case(
            When(Q(policy=Policy.DENY) | Q(group_policy=Policy.DENY), then=Value(Policy.DENY)),
            When(Q(policy=Policy.ASK) | Q(group_policy=Policy.ASK), then=Value(Policy.ASK)),
            default=Value(Policy.AUTO),
            output_field=CharField(),
        )
        found = Coalesce(Subquery(of_groups), Value(Policy.AUTO), output_field=CharField())
        return self.annotate(group_policy=found).annotate(policy_in_force=strictest)

    def with_server(self) -> Self:
        """Load the servers along, without the documents, which are large."""
        return self.select_related("server").defer("server__document")

    def by_name(self) -> Self:
        """In the order of the qualified names."""
        return self.order_by("name")

    def upsert(self, tools: Sequence[Tool], *, approve: bool) -> None:
        """Insert or refresh discovered tools; switches, policy and approval stay.

        With `approve` the found form counts as approved: our own tools, or a new server's.
        """
        found = [*DISCOVERED, "missing_since", "updated_at"]
        self.bulk_create(
            tools,
            update_conflicts=True,
            unique_fields=["name"],
            update_fields=[*found, "approved_hash"] if approve else found,
        )

    def mark_missing(self, server: Server, *, present: Collection[str]) -> int:
        """Note which tools of a server are gone; they keep their settings."""
        gone = self.filter(server=server, missing_since__isnull=True).exclude(name__in=present)
        return gone.update(missing_since=timezone.now())


class GroupPolicyQuerySet(BaseQuerySet["GroupPolicy"]):
    """What groups may do with tools."""

    def strictest_first(self) -> Self:
        """Deny before ask before auto."""
        ranks = [When(policy=policy, then=Value(-rank)) for policy, rank in STRICTNESS.items()]
        return self.order_by(Case(*ranks, default=Value(0)))
