"""Repositories of tool servers and tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from groups.enums import Role
from mcp.enums import Approver, Authorization, ConnectionStatus, Policy, Transport
from youworker.core.managers import BaseQuerySet

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from accounts.models import User
    from mcp.models import Connection, GroupPolicy, Server, Tool

DISCOVERED = (
    "safe_name",
    "description",
    "input_schema",
    "output_schema",
    "recipe",
    "schema_hash",
    "effects",
)
STRICTNESS = {Policy.AUTO: 0, Policy.ASK: 1, Policy.DENY: 2}


class ServerQuerySet(BaseQuerySet["Server"]):
    """Tool servers."""

    def visible_to(self, user: User) -> Self:
        """Limit to servers in use; staff see every one."""
        return self if user.is_staff else self.filter(enabled=True)

    def remote(self) -> Self:
        """Limit to servers that have to be asked which tools they have."""
        return self.filter(enabled=True).exclude(transport=Transport.INPROCESS)

    def signing_in(self) -> Self:
        """Limit to servers in use at which each user signs in."""
        return self.filter(
            enabled=True, transport=Transport.HTTP, authorization=Authorization.OAUTH
        )

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
        """Annotate `policy_in_force`, the strictest of the tool's and the user's groups'.

        And `needs_admin`: whether a group of theirs has its admins asked.
        """
        user_id = user if isinstance(user, UUID) else user.pk
        policies = self.related_rows("group_policies", GroupPolicyQuerySet)
        own = policies.filter(tool=OuterRef("pk")).of_member(user_id)
        of_groups = own.strictest_first().values("policy")[:1]
        strictest = Case(
            When(Q(policy=Policy.DENY) | Q(group_policy=Policy.DENY), then=Value(Policy.DENY)),
            When(Q(policy=Policy.ASK) | Q(group_policy=Policy.ASK), then=Value(Policy.ASK)),
            default=Value(Policy.AUTO),
            output_field=CharField(),
        )
        found = Coalesce(Subquery(of_groups), Value(Policy.AUTO), output_field=CharField())
        needs_admin = Exists(own.asking_admins())
        return self.annotate(group_policy=found, needs_admin=needs_admin).annotate(
            policy_in_force=strictest
        )

    def awaiting_approval(self) -> Self:
        """Limit to tools that are there, but off until somebody agrees to their present form."""
        there = self.filter(missing_since__isnull=True, server__enabled=True)
        return there.exclude(schema_hash=F("approved_hash"))

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
            update_fields=[*found, "approved_hash", "approved_form"] if approve else found,
        )

    def mark_missing(self, server: Server, *, present: Collection[str]) -> int:
        """Note which tools of a server are gone; they keep their settings."""
        gone = self.filter(server=server, missing_since__isnull=True).exclude(name__in=present)
        return gone.update(missing_since=timezone.now(), edition=F("edition") + 1)

    def end_consent(self) -> int:
        """End what was allowed about these tools until now."""
        return self.update(edition=F("edition") + 1, updated_at=timezone.now())


class GroupPolicyQuerySet(BaseQuerySet["GroupPolicy"]):
    """What groups may do with tools."""

    def of_member(self, user: Any) -> Self:
        """Limit to policies of living groups that somebody, given by id, is a member of."""
        return self.filter(group__memberships__user_id=user, group__deleted_at__isnull=True)

    def of_members(self, users: Collection[UUID]) -> Self:
        """Limit to policies of living groups that some users are members of; one row for each."""
        return self.filter(group__memberships__user_id__in=users, group__deleted_at__isnull=True)

    def asking_admins(self) -> Self:
        """Limit to policies by which the group's admins are asked."""
        return self.filter(policy=Policy.ASK, approver=Approver.ADMIN)

    def managed_by(self, user_id: UUID) -> Self:
        """Limit to policies of groups that somebody, given by id, is an active admin of."""
        return self.filter(
            group__memberships__user_id=user_id,
            group__memberships__role=Role.ADMIN,
            group__memberships__user__is_active=True,
        )

    def strictest_first(self) -> Self:
        """Deny before ask before auto."""
        ranks = [When(policy=policy, then=Value(-rank)) for policy, rank in STRICTNESS.items()]
        return self.order_by(Case(*ranks, default=Value(0)))


class ConnectionQuerySet(BaseQuerySet["Connection"]):
    """Users' sign-ins at tool servers."""

    def visible_to(self, user: User) -> Self:
        """Limit to the user's own."""
        return self.filter(user=user)

    def connected(self) -> Self:
        """Limit to those that hold, as far as is known."""
        return self.filter(status=ConnectionStatus.CONNECTED)

    def newest_first(self) -> Self:
        """The latest sign-in first."""
        return self.order_by("-updated_at", "pk")
