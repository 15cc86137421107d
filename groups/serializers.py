"""Groups, their members and their service accounts as clients read and write them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from accounts.models import ApiKey
from groups.enums import SERVICE_SCOPES, Role
from groups.models import Group, Membership, ServiceAccount
from youworker.core.api.base import NameField
from youworker.core.api.schema import example

ORDERINGS = ("created_at", "-created_at", "name", "-name")
LONGEST_DESCRIPTION = 10_000


class FindGroupsSerializer(serializers.Serializer[Any]):
    """`search` in names and descriptions; `deleted`: those the caller may restore."""

    search = serializers.CharField(max_length=200, required=False, allow_blank=True)
    ordering = serializers.ChoiceField(ORDERINGS, required=False, default="-created_at")
    deleted = serializers.BooleanField(required=False, default=False)


class GroupSerializer(serializers.ModelSerializer[Group]):
    """A group, what the caller is in it, and how many members it has."""

    role = serializers.ChoiceField(Role.choices, read_only=True)
    member_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Group
        fields = (
            "id",
            "name",
            "description",
            "role",
            "member_count",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


@example(name="Sales", description="Offers and contracts.")
class CreateGroupSerializer(serializers.Serializer[Any]):
    """A new group; its name is unique, whatever the case."""

    name = NameField(max_length=120)
    description = serializers.CharField(
        max_length=LONGEST_DESCRIPTION, required=False, allow_blank=True, trim_whitespace=False
    )


@example(name="Sales and service")
class UpdateGroupSerializer(CreateGroupSerializer):
    """What may change about a group."""

    name = NameField(max_length=120, required=False)


@extend_schema_serializer(component_name="GroupPerson")
class PersonSerializer(serializers.Serializer[Any]):
    """What members see of each other."""

    id = serializers.UUIDField()
    username = serializers.CharField()
    display_name = serializers.CharField()


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """One member; those who are deactivated cannot act, and do not count as admins."""

    user = PersonSerializer(read_only=True)
    role = serializers.ChoiceField(Role.choices, read_only=True)
    is_active = serializers.BooleanField(source="user.is_active", read_only=True)
    is_service_account = serializers.BooleanField(source="user.is_service", read_only=True)

    class Meta:
        model = Membership
        fields = ("user", "role", "is_active", "is_service_account", "created_at")
        read_only_fields = fields


@example(user_id="0192d4e0-7c1e-7a30-8f3e-2b6d1c9a4e55", role="member")
class AddMemberSerializer(serializers.Serializer[Any]):
    """Who is taken in, and as what."""

    user_id = serializers.UUIDField()
    role = serializers.ChoiceField(Role.choices, required=False, default=Role.MEMBER.value)


@example(role="admin")
class ChangeRoleSerializer(serializers.Serializer[Any]):
    """What a member shall be."""

    role = serializers.ChoiceField(Role.choices)


class ServiceAccountSerializer(serializers.ModelSerializer[ServiceAccount]):
    """A program's user."""

    name = serializers.CharField(read_only=True)
    user_id = serializers.UUIDField(read_only=True)
    username = serializers.CharField(source="user.username", read_only=True)
    created_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = ServiceAccount
        fields = ("id", "name", "user_id", "username", "created_by", "created_at", "updated_at")
        read_only_fields = fields


@example(name="Nightly import")
class CreateServiceAccountSerializer(serializers.Serializer[Any]):
    """A new service account."""

    name = NameField(max_length=150)


class ServiceKeySerializer(serializers.ModelSerializer[ApiKey]):
    """A key of a service account, without its secret."""

    scopes = serializers.ListField(child=serializers.ChoiceField(SERVICE_SCOPES))

    class Meta:
        model = ApiKey
        fields = (
            "id",
            "name",
            "prefix",
            "scopes",
            "created_at",
            "expires_at",
            "revoked_at",
            "last_used_at",
        )
        read_only_fields = fields


class NewServiceKeySerializer(ServiceKeySerializer):
    """A key with its secret, which is shown this once."""

    key = serializers.CharField(read_only=True)

    class Meta(ServiceKeySerializer.Meta):
        fields = (*ServiceKeySerializer.Meta.fields, "key")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]


@example(name="import server", scopes=["documents.read", "documents.write"])
class CreateServiceKeySerializer(serializers.Serializer[Any]):
    """A new key of a service account."""

    name = NameField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(SERVICE_SCOPES),
        allow_empty=False,
        max_length=len(SERVICE_SCOPES),
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
