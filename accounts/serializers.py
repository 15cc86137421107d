"""Users and keys as clients read and write them."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.enums import Language, Scope
from accounts.models import ApiKey, PrivateAccess, User
from accounts.tickets import LIFETIME_SECONDS
from accounts.types import LONGEST_CODE, LONGEST_PASSWORD
from youworker.audit import ACTIONS, RESULTS
from youworker.core.api.base import NameField
from youworker.core.api.schema import example

if TYPE_CHECKING:
    from collections.abc import Collection

MOST_NETWORKS = 50
# Of the own profile, what a key reads only with the scope `account`.
PRIVATE_FIELDS = ("email", "groups")


class GroupOfUserSerializer(serializers.Serializer[Any]):
    """A group the user belongs to, and their role in it."""

    id = serializers.UUIDField(source="group_id")
    name = serializers.CharField(source="group.name")
    role = serializers.CharField()


class UserSerializer(serializers.ModelSerializer[User]):
    """The signed-in user."""

    is_root = serializers.BooleanField(read_only=True)
    email = serializers.CharField(read_only=True)
    groups = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = (
            "id",
            "username",
            "email",
            "display_name",
            "is_staff",
            "is_root",
            "language",
            "time_zone",
            "groups",
        )
        read_only_fields = fields

    def __init__(self, *args: Any, fields_left_out: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in fields_left_out:
            del self.fields[name]

    @extend_schema_field(GroupOfUserSerializer(many=True))
    def get_groups(self, user: User) -> Any:
        """The memberships in groups that are not deleted."""
        memberships = user.group_memberships.filter(group__deleted_at__isnull=True)
        rows = memberships.select_related("group").order_by("group__name")
        return GroupOfUserSerializer(rows, many=True).data


class CallerSerializer(UserSerializer):
    """Who calls; with a key its scopes, and address and groups only if it has `account`."""

    email = serializers.CharField(required=False)
    groups: Any = GroupOfUserSerializer(many=True, required=False)
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices), required=False)

    class Meta:
        model = User
        fields = (*UserSerializer.Meta.fields, "scopes")
        read_only_fields = UserSerializer.Meta.fields

    def to_representation(self, instance: User) -> dict[str, Any]:
        """Leave out what the `key` of the context may not read; None is a session."""
        key: ApiKey | None = self.context["key"]
        is_told_all = key is None or Scope.ACCOUNT in key.scopes
        about = UserSerializer(instance, fields_left_out=() if is_told_all else PRIVATE_FIELDS)
        return about.data if key is None else {**about.data, "scopes": key.scopes}


class PersonSerializer(serializers.ModelSerializer[User]):
    """Somebody to share with."""

    class Meta:
        model = User
        fields = ("id", "username", "display_name")
        read_only_fields = fields


class FindPeopleSerializer(serializers.Serializer[Any]):
    """A part of somebody's name."""

    search = NameField(min_length=2, max_length=150)


class UpdateProfileSerializer(serializers.Serializer[Any]):
    """What people may change about themselves."""

    display_name = NameField(max_length=150, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    language = serializers.ChoiceField(Language.choices, required=False)
    time_zone = serializers.CharField(max_length=64, required=False)

    def validate_time_zone(self, value: str) -> str:
        """An IANA name such as Europe/Rome."""
        if value not in zoneinfo.available_timezones():
            raise serializers.ValidationError("This is not a time zone.")
        return value


@example(username="ada", password="a long password")  # noqa: S106 -- only shown
class LoginSerializer(serializers.Serializer[Any]):
    """Name and password, and a code when the account has a second factor."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=LONGEST_PASSWORD, trim_whitespace=False)
    code = serializers.CharField(max_length=LONGEST_CODE, required=False, allow_blank=True)


class CsrfTokenSerializer(serializers.Serializer[Any]):
    """The token browsers send in `X-CSRFToken` with every write."""

    csrf_token = serializers.CharField()


class TicketSerializer(serializers.Serializer[Any]):
    """Opens one WebSocket as `?ticket=`."""

    ticket = serializers.CharField()
    expires_in = serializers.IntegerField(default=LIFETIME_SECONDS)


class ApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    """A key without its secret."""

    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices))

    class Meta:
        model = ApiKey
        fields = (
            "id",
            "name",
            "prefix",
            "scopes",
            "allowed_networks",
            "created_at",
            "expires_at",
            "rotated_at",
            "revoked_at",
            "last_used_at",
        )
        read_only_fields = fields


class NewApiKeySerializer(ApiKeySerializer):
    """A key with its secret, which is shown this once."""

    key = serializers.CharField(read_only=True)

    class Meta(ApiKeySerializer.Meta):
        fields = (*ApiKeySerializer.Meta.fields, "key")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]


@example(name="laptop", scopes=["chat", "documents.read"])
class CreateApiKeySerializer(serializers.Serializer[Any]):
    """A new key."""

    name = NameField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(Scope.choices), allow_empty=False, max_length=len(Scope)
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    allowed_networks = serializers.ListField(
        child=serializers.CharField(max_length=43),
        required=False,
        max_length=MOST_NETWORKS,
        help_text="Addresses or networks (CIDR) the key works from; empty = everywhere.",
    )


@example(overlap_seconds=3600)
class RotateApiKeySerializer(serializers.Serializer[Any]):
    """How long the old key stays valid, in seconds."""

    overlap_seconds = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=30 * 86400
    )


class AuditKeySerializer(serializers.Serializer[Any]):
    """The API key an act was done with; the name is empty when the key is gone."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class AuditLineSerializer(serializers.Serializer[Any]):
    """One act. `by` is `me`, `other`, or `system` for nobody who was signed in.

    Address and key are left out when somebody else did it.
    """

    id = serializers.IntegerField()
    time = serializers.DateTimeField()
    action = serializers.CharField()
    result = serializers.ChoiceField(choices=sorted(RESULTS))
    by = serializers.ChoiceField(choices=["me", "other", "system"])
    target = serializers.CharField()
    target_id = serializers.CharField()
    address = serializers.CharField(allow_null=True)
    key = AuditKeySerializer(allow_null=True)
    correlation_id = serializers.CharField(allow_null=True)


class AuditFilterSerializer(serializers.Serializer[Any]):
    """Which acts are wanted."""

    action = serializers.ChoiceField(choices=sorted(ACTIONS), required=False)


class PrivateReadSerializer(serializers.ModelSerializer[PrivateAccess]):
    """One time that staff read something of the caller's."""

    when = serializers.DateTimeField(source="created_at")
    who = serializers.SerializerMethodField()
    title = serializers.CharField()
    reason = serializers.CharField()

    class Meta:
        model = PrivateAccess
        fields = ("id", "when", "who", "kind", "object_id", "title", "reason")
        read_only_fields = fields

    def get_who(self, access: PrivateAccess) -> str:
        """The name of the reader; empty when their account was erased."""
        return access.reader.shown_name if access.reader else ""
