"""Tool servers, their tools, and what groups may do with them."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from groups.models import Group
from mcp.enums import Effect, Policy, Protocol, ServerStatus, Transport
from mcp.managers import GroupPolicyQuerySet, ServerQuerySet, ToolQuerySet
from mcp.naming import SLUG, validate_address
from youworker.core.models import TimestampedModel
from youworker.encryption.fields import EncryptedJSONField


class Server(TimestampedModel):
    """A server of the Model Context Protocol."""

    slug = models.CharField(max_length=32, unique=True, validators=[SLUG])
    title = models.CharField(max_length=120)
    transport = models.CharField(max_length=16, choices=Transport)
    url = models.CharField(max_length=500, blank=True, validators=[validate_address])
    argv = models.JSONField(default=list, blank=True)
    # Of an API that an OpenAPI document describes: where it is, when that is not where its document
    # is, and the document itself when it came as a file.
    base_url = models.CharField(max_length=500, blank=True, validators=[validate_address])
    document = models.TextField(blank=True, editable=False)
    # {"headers": {...}, "env": {...}, "query": {...}}: never shown again.
    secrets: Any = EncryptedJSONField(default=dict, blank=True)
    enabled = models.BooleanField(default=True)
    builtin = models.BooleanField(default=False, editable=False)
    status = models.CharField(
        max_length=16, choices=ServerStatus, default=ServerStatus.UNKNOWN, editable=False
    )
    last_error = models.CharField(max_length=500, blank=True, editable=False)
    # Tools that cannot be offered as they are: [{"tool": …, "reason": …}].
    tool_faults = models.JSONField(default=list, blank=True, editable=False)
    protocol = models.CharField(
        max_length=16, choices=Protocol, default=Protocol.UNKNOWN, blank=True, editable=False
    )
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)

    tool_count: int  # only after `with_tool_count()`

    objects = ServerQuerySet.as_manager()

    class Meta:
        verbose_name = "tool server"

    def __str__(self) -> str:
        return self.slug

    def secrets_called(self, kind: str) -> dict[str, str]:
        """The `headers`, the `env` or the `query`; none when they cannot be decrypted."""
        return dict(self.secrets.get(kind, {})) if isinstance(self.secrets, dict) else {}


class Tool(TimestampedModel):
    """Something a model can ask for."""

    server = models.ForeignKey(Server, models.CASCADE, related_name="tools")
    # As the server calls it; `name` is `server.tool`, `safe_name` is what models see.
    local_name = models.CharField(max_length=200, editable=False)
    name = models.CharField(max_length=240, unique=True, editable=False)
    safe_name = models.CharField(max_length=64, unique=True, editable=False)
    description = models.TextField(blank=True, editable=False)
    input_schema = models.JSONField(default=dict, editable=False)
    effects = ArrayField(
        models.CharField(max_length=16, choices=Effect), default=list, blank=True, editable=False
    )
    # How its request is made, when it is an operation of an API; empty for all others.
    recipe = models.JSONField(default=dict, blank=True, editable=False)
    schema_hash = models.CharField(max_length=64, editable=False)
    approved_hash = models.CharField(max_length=64, blank=True, editable=False)
    enabled = models.BooleanField(default=True)
    policy = models.CharField(max_length=8, choices=Policy, default=Policy.ASK)
    missing_since = models.DateTimeField(null=True, blank=True, editable=False)

    group_policy: str  # these two only after `with_policy_for()`
    policy_in_force: str

    objects = ToolQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def needs_approval(self) -> bool:
        """Whether the tool changed, or is new, since somebody last agreed to it."""
        return self.schema_hash != self.approved_hash


class GroupPolicy(TimestampedModel):
    """A stricter policy for the members of one group."""

    tool = models.ForeignKey(Tool, models.CASCADE, related_name="group_policies")
    group = models.ForeignKey(Group, models.CASCADE, related_name="tool_policies")
    policy = models.CharField(max_length=8, choices=Policy)

    objects = GroupPolicyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "group policies"
        constraints = [
            models.UniqueConstraint("tool", "group", name="group_policy_once_per_tool"),
        ]

    def __str__(self) -> str:
        return f"{self.policy} {self.tool_id} for {self.group_id}"
