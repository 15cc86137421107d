"""Tool servers and tools as clients read and write them; secrets are only ever written."""

from __future__ import annotations

import re
from typing import Any

from rest_framework import serializers

from mcp.enums import Policy
from mcp.models import Server, Tool
from mcp.naming import SLUG, validate_address

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
HEADER_VALUE = re.compile(r"[\t\x20-\x7e]{0,4000}")
OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "content-type"})


ONLY_APIS = "Only an API by its document has this."


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
    query_names = serializers.SerializerMethodField()

    class Meta:
        model = Server
        fields = (
            *ServerSerializer.Meta.fields,
            "url",
            "base_url",
            "header_names",
            "query_names",
        )
        read_only_fields = fields

    def get_header_names(self, server: Server) -> list[str]:
        """Which headers are set; their values are never shown."""
        return sorted(server.secrets_called("headers"))

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
    query = QueryField(required=False, write_only=True)
    enabled = serializers.BooleanField(required=False)


class CreateServerSerializer(UpdateServerSerializer):
    """A server at a URL, or an API by its document there; programs are for the console."""

    kind = serializers.ChoiceField(["mcp", "openapi"], default="mcp")
    slug = serializers.CharField(max_length=32, validators=[SLUG])
    url = serializers.CharField(max_length=500, validators=[validate_address])

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what only an API can have."""
        if attrs["kind"] == "mcp":
            for name in ("base_url", "query"):
                if attrs.pop(name, None):
                    raise serializers.ValidationError({name: ONLY_APIS})
        return attrs


class ToolSerializer(serializers.ModelSerializer[Tool]):
    """A tool, with the policy in force for the caller."""

    server = serializers.CharField(source="server.slug", read_only=True)
    policy = serializers.ChoiceField(Policy.choices, source="policy_in_force", read_only=True)

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
        )
        read_only_fields = fields


class StaffToolSerializer(ToolSerializer):
    """A tool with its switches, for those who manage it."""

    own_policy = serializers.ChoiceField(Policy.choices, source="policy", read_only=True)
    needs_approval = serializers.BooleanField(read_only=True)

    class Meta:
        model = Tool
        fields = (
            *ToolSerializer.Meta.fields,
            "own_policy",
            "enabled",
            "needs_approval",
            "schema_hash",
            "missing_since",
        )
        read_only_fields = fields


class UpdateToolSerializer(serializers.Serializer[Any]):
    """What staff decide about a tool; `schema_hash` pins what was looked at."""

    policy = serializers.ChoiceField(Policy.choices, required=False)
    enabled = serializers.BooleanField(required=False)
    approve_change = serializers.BooleanField(required=False)
    schema_hash = serializers.RegexField(r"\A[0-9a-f]{64}\Z", required=False)
