"""Tool servers and tools as clients read and write them; secrets are only ever written."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mcp.enums import Approver, Authorization, ConnectionStatus, Policy
from mcp.models import GroupPolicy, Server, Tool
from mcp.naming import SLUG, validate_address
from mcp.services.tools import changes_of

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
HEADER_VALUE = re.compile(r"[\t\x20-\x7e]{0,4000}")
OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "content-type"})


ONLY_APIS = "Only an API by its document has this."
NOT_APIS = "An API by its document does not have this."
OF_SIGN_INS = ("authorization", "scope", "client_id", "client_secret")


class ToolFaultSerializer(serializers.Serializer[Any]):
    """A tool that is not offered as its server describes it, and why."""

    tool = serializers.CharField()
    reason = serializers.CharField()


class ServerSerializer(serializers.ModelSerializer[Server]):
    """A tool server."""

    tool_count = serializers.IntegerField(read_only=True)
    tool_faults = ToolFaultSerializer(many=True, read_only=True)

    class Meta:
        model = Server
        fields = (
            "id",
            "slug",
            "title",
            "transport",
            "enabled",
            "authorization",
            "builtin",
            "status",
            "last_error",
            "tool_faults",
            "last_seen_at",
            "tool_count",
            "created_at",
        )
        read_only_fields = fields


class StaffServerSerializer(ServerSerializer):
    """A tool server with its address, for those who manage it."""

    header_names = serializers.SerializerMethodField()
    client_id = serializers.SerializerMethodField()
    query_names = serializers.SerializerMethodField()

    class Meta:
        model = Server
        fields = (
            *ServerSerializer.Meta.fields,
            "url",
            "base_url",
            "header_names",
            "query_names",
            "scope",
            "client_id",
        )
        read_only_fields = fields

    def get_header_names(self, server: Server) -> list[str]:
        """Which headers are set; their values are never shown."""
        return sorted(server.secrets_called("headers"))

    def get_client_id(self, server: Server) -> str:
        """What the operator registered where users sign in; its secret is never shown."""
        return server.secrets_called("client").get("id", "")

    def get_query_names(self, server: Server) -> list[str]:
        """Which parameters are added to every address; their values are never shown."""
        return sorted(server.secrets_called("query"))


class HeadersField(serializers.DictField):
    """HTTP headers that are sent to the server with every request."""

    child = serializers.CharField(max_length=4000, allow_blank=True, trim_whitespace=False)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        headers: dict[str, str] = super().to_internal_value(data)
        for name, value in headers.items():
            if not HEADER_NAME.fullmatch(name) or name.lower() in OURS:
                raise serializers.ValidationError(f"{name!r} is not a header that can be set.")
            if not HEADER_VALUE.fullmatch(value):
                raise serializers.ValidationError(f"The value of {name!r} cannot be sent.")
        return headers


class QueryField(serializers.DictField):
    """Parameters with secrets that are sent along."""

    child = serializers.CharField(max_length=4000)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """The parameters; names that no address can hold are refused."""
        query: dict[str, str] = super().to_internal_value(data)
        if not all(HEADER_NAME.fullmatch(name) for name in query):
            raise serializers.ValidationError("This is not the name of a parameter.")
        return query


class UpdateServerSerializer(serializers.Serializer[Any]):
    """What can be changed about a server."""

    title = serializers.CharField(max_length=120, required=False)
    url = serializers.CharField(max_length=500, required=False, validators=[validate_address])
    base_url = serializers.CharField(
        max_length=500, required=False, allow_blank=True, validators=[validate_address]
    )
    headers = HeadersField(required=False, write_only=True)
    authorization = serializers.ChoiceField(Authorization.choices, required=False)
    scope = serializers.RegexField(r"\A[\x21-\x7e ]{0,1000}\Z", required=False, allow_blank=True)
    client_id = serializers.CharField(max_length=500, required=False, allow_blank=True)
    client_secret = serializers.CharField(
        max_length=500, required=False, allow_blank=True, write_only=True
    )
    query = QueryField(required=False, write_only=True)
    enabled = serializers.BooleanField(required=False)


class CreateServerSerializer(UpdateServerSerializer):
    """A server at a URL, or an API by its document there; programs are for the console."""

    kind = serializers.ChoiceField(["mcp", "openapi"], default="mcp")
    slug = serializers.CharField(max_length=32, validators=[SLUG])
    url = serializers.CharField(max_length=500, validators=[validate_address])

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what only an API can have, and what none has."""
        is_api = attrs["kind"] == "openapi"
        if attrs.get("authorization") == Authorization.SHARED:
            del attrs["authorization"]
        refused = OF_SIGN_INS if is_api else ("base_url", "query")
        for name in refused:
            if attrs.pop(name, None):
                raise serializers.ValidationError({name: NOT_APIS if is_api else ONLY_APIS})
        return attrs


class ToolSerializer(serializers.ModelSerializer[Tool]):
    """A tool, with the policy in force for the caller."""

    server = serializers.CharField(source="server.slug", read_only=True)
    policy = serializers.ChoiceField(Policy.choices, source="policy_in_force", read_only=True)
    approver = serializers.SerializerMethodField(
        help_text="Who is asked where the policy is to ask: the user, or an admin of a group."
    )
    may_write = serializers.BooleanField(
        read_only=True, help_text="Whether a call may change something."
    )
    may_send = serializers.BooleanField(
        read_only=True, help_text="Whether a call may carry data outside."
    )

    class Meta:
        model = Tool
        fields = (
            "id",
            "name",
            "safe_name",
            "server",
            "description",
            "input_schema",
            "effects",
            "policy",
            "approver",
            "may_write",
            "may_send",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(Approver.choices))
    def get_approver(self, tool: Tool) -> str:
        """Who is asked about a call of the caller's."""
        return Approver.ADMIN if tool.needs_admin else Approver.USER


class StaffToolSerializer(ToolSerializer):
    """A tool with its switches, for those who manage it."""

    own_policy = serializers.ChoiceField(Policy.choices, source="policy", read_only=True)
    needs_approval = serializers.BooleanField(read_only=True)
    approved_form = serializers.JSONField(
        read_only=True, help_text="What was agreed to last; null where that is not known."
    )
    changes = serializers.SerializerMethodField(
        help_text="What changed since then, as the lines of a unified diff."
    )

    class Meta:
        model = Tool
        fields = (
            *ToolSerializer.Meta.fields,
            "own_policy",
            "enabled",
            "needs_approval",
            "schema_hash",
            "approved_form",
            "changes",
            "writes",
            "egress",
            "missing_since",
        )
        read_only_fields = fields

    def get_changes(self, tool: Tool) -> list[str]:
        """The lines that changed since somebody agreed."""
        return changes_of(tool)


class UpdateToolSerializer(serializers.Serializer[Any]):
    """What staff decide about a tool; `schema_hash` pins what was looked at."""

    policy = serializers.ChoiceField(Policy.choices, required=False)
    enabled = serializers.BooleanField(required=False)
    approve_change = serializers.BooleanField(required=False)
    schema_hash = serializers.RegexField(r"\A[0-9a-f]{64}\Z", required=False)
    writes = serializers.BooleanField(
        required=False,
        allow_null=True,
        help_text="Whether it changes something; null = what its own server says, if we made it.",
    )
    egress = serializers.BooleanField(
        required=False,
        allow_null=True,
        help_text="Whether it carries data outside; null = what its own server says, likewise.",
    )


class GroupPolicySerializer(serializers.ModelSerializer[GroupPolicy]):
    """What the members of a group may do with a tool, where that is stricter than for all."""

    group_name = serializers.CharField(source="group.name", read_only=True)

    class Meta:
        model = GroupPolicy
        fields = ("group_id", "group_name", "policy", "approver", "updated_at")
        read_only_fields = fields


class SetGroupPolicySerializer(serializers.Serializer[Any]):
    """A stricter policy of a group, and whom it asks."""

    policy = serializers.ChoiceField(Policy.choices)
    approver = serializers.ChoiceField(Approver.choices, required=False, default=Approver.USER)


class ConnectionSerializer(serializers.Serializer[Any]):
    """How the caller stands with a server at which each user signs in."""

    server_id = serializers.UUIDField()
    server = serializers.CharField()
    title = serializers.CharField()
    status = serializers.ChoiceField(ConnectionStatus.choices)
    issuer = serializers.CharField()
    scope = serializers.CharField()
    connected_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class ToolSignInSerializer(serializers.Serializer[Any]):
    """Where the caller's browser goes to sign in; it has to be the one that asked."""

    authorization_url = serializers.URLField(max_length=None)
