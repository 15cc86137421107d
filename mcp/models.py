"""Tool servers, their tools, and what groups may do with them."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import User
from groups.models import Group
from mcp.enums import (
    Approver,
    Authorization,
    ConnectionStatus,
    Effect,
    Policy,
    Protocol,
    ServerStatus,
    Transport,
)
from mcp.managers import ConnectionQuerySet, GroupPolicyQuerySet, ServerQuerySet, ToolQuerySet
from mcp.naming import SLUG, form_hash, validate_address
from youworker.core.models import TimestampedModel
from youworker.encryption.fields import EncryptedJSONField


class Server(TimestampedModel):
    """A server of the Model Context Protocol."""

    slug = models.CharField(max_length=32, unique=True, validators=[SLUG])
    title = models.CharField(max_length=120)
    transport = models.CharField(max_length=16, choices=Transport)
    url = models.CharField(max_length=500, blank=True, validators=[validate_address])
    argv = models.JSONField(default=list, blank=True)
    authorization = models.CharField(
        max_length=16, choices=Authorization, default=Authorization.SHARED
    )
    # What is asked for at the sign-in, instead of what the server says.
    scope = models.CharField(max_length=1000, blank=True)
    # Of an API that an OpenAPI document describes: where it is, when that is not where its document
    # is, and the document itself when it came as a file.
    base_url = models.CharField(max_length=500, blank=True, validators=[validate_address])
    document = models.TextField(blank=True, editable=False)
    # {"headers": {...}, "env": {...}, "query": {...}, "client": {"id": …, "secret": …,
    # "issuer": …}}: never shown again. The issuer is whoever knows the client.
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
        """The `headers`, `env`, `query` or `client`; none when they cannot be decrypted."""
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
    # What the data of its answers looks like, where it says so.
    output_schema = models.JSONField(null=True, editable=False)
    effects = ArrayField(
        models.CharField(max_length=16, choices=Effect), default=list, blank=True, editable=False
    )
    # How its request is made, when it is an operation of an API; empty for all others.
    recipe = models.JSONField(default=dict, blank=True, editable=False)
    schema_hash = models.CharField(max_length=64, editable=False)
    approved_hash = models.CharField(max_length=64, blank=True, editable=False)
    # What somebody agreed to last, to be compared with what there is now; older ones have none.
    approved_form = models.JSONField(null=True, blank=True, editable=False)
    enabled = models.BooleanField(default=True)
    policy = models.CharField(max_length=8, choices=Policy, default=Policy.ASK)
    # What staff know of its effects; without their word a tool of another server has both.
    writes = models.BooleanField(null=True, blank=True)
    egress = models.BooleanField(null=True, blank=True)
    # Counts what ends earlier consent: another form, policy, switch or address.
    edition = models.PositiveIntegerField(default=0, editable=False)
    missing_since = models.DateTimeField(null=True, blank=True, editable=False)

    group_policy: str  # these two only after `with_policy_for()`
    policy_in_force: str
    needs_admin: bool  # only after `with_policy_for()`

    objects = ToolQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def needs_approval(self) -> bool:
        """Whether the tool changed, or is new, since somebody last agreed to it."""
        return self.schema_hash != self.approved_hash

    @property
    def form(self) -> dict[str, Any]:
        """What a model or an approver is told about the tool."""
        return {
            "description": self.description,
            "input_schema": self.input_schema,
            "effects": list(self.effects),
        }

    @property
    def form_hash(self) -> str:
        """The fingerprint of the tool's form together with where its server is."""
        server = self.server
        return form_hash(
            self.schema_hash,
            server.transport,
            server.url,
            server.argv,
            base_url=server.base_url,
        )

    @property
    def may_write(self) -> bool:
        """Whether a call may change something, as far as anybody we believe has said."""
        return self.has_effect(Effect.WRITE, self.writes)

    @property
    def may_send(self) -> bool:
        """Whether a call may carry data outside, as far as anybody we believe has said."""
        return self.has_effect(Effect.EGRESS, self.egress)

    @property
    def has_consequences(self) -> bool:
        """Whether a call does more than bring something to the model."""
        return self.may_write or self.may_send

    def has_effect(self, effect: Effect, said: bool | None) -> bool:  # noqa: FBT001 -- staff's word
        """Whether a call has an effect: staff's word, else our own server's, else yes."""
        if said is not None:
            return said
        return not self.server.builtin or effect.value in self.effects


class GroupPolicy(TimestampedModel):
    """A stricter policy for the members of one group."""

    tool = models.ForeignKey(Tool, models.CASCADE, related_name="group_policies")
    group = models.ForeignKey(Group, models.CASCADE, related_name="tool_policies")
    policy = models.CharField(max_length=8, choices=Policy)
    # Whom a call asks where this policy is to ask.
    approver = models.CharField(max_length=8, choices=Approver, default=Approver.USER)

    objects = GroupPolicyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "group policies"
        constraints = [
            models.UniqueConstraint("tool", "group", name="group_policy_once_per_tool"),
        ]

    def __str__(self) -> str:
        return f"{self.policy} {self.tool_id} for {self.group_id}"


class ClientRegistration(TimestampedModel):
    """Who we are at an authorization server that registered us by itself."""

    server = models.ForeignKey(Server, models.CASCADE, related_name="client_registrations")
    issuer = models.CharField(max_length=500)
    redirect_uri = models.CharField(max_length=500)
    # {"id": …, "secret": …, "method": …}
    credentials: Any = EncryptedJSONField(editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "server", "issuer", "redirect_uri", name="client_registration_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.server_id} at {self.issuer}"


class Connection(TimestampedModel):
    """A user's sign-in at a tool server; its tokens are good for this address only."""

    user = models.ForeignKey(User, models.CASCADE, related_name="tool_connections")
    server = models.ForeignKey(Server, models.CASCADE, related_name="connections")
    status = models.CharField(
        max_length=16, choices=ConnectionStatus, default=ConnectionStatus.CONNECTED
    )
    server_url = models.CharField(max_length=500, editable=False)
    resource = models.CharField(max_length=500, editable=False)
    issuer = models.CharField(max_length=500, editable=False)
    token_endpoint = models.CharField(max_length=500, editable=False)
    revocation_endpoint = models.CharField(max_length=500, blank=True, editable=False)
    scope = models.CharField(max_length=1000, blank=True, editable=False)
    # {"access": …, "refresh": …}
    tokens: Any = EncryptedJSONField(editable=False)
    # {"id": …, "secret": …, "method": …}: who asked for them.
    client: Any = EncryptedJSONField(editable=False)
    expires_at = models.DateTimeField(null=True, editable=False)
    # Until then one process has the right to exchange the refresh token.
    refreshing_until = models.DateTimeField(null=True, editable=False)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        verbose_name = "connection to a tool server"
        verbose_name_plural = "connections to tool servers"
        constraints = [
            models.UniqueConstraint("user", "server", name="connection_once_per_server"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.server_id}"

    def secret_called(self, kind: str) -> str:
        """The `access` or the `refresh` token; empty when it cannot be decrypted."""
        return str(self.tokens.get(kind, "")) if isinstance(self.tokens, dict) else ""
