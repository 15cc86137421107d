"""Passwords, second factors and sessions as clients read and write them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.models import SignIn
from accounts.types import LONGEST_CODE, LONGEST_PASSWORD
from youworker.core.api.schema import example


@example(current_password="a long password", new_password="an even longer one")  # noqa: S106
class ChangePasswordSerializer(serializers.Serializer[Any]):
    """The present password and the one to come."""

    current_password = serializers.CharField(max_length=LONGEST_PASSWORD, trim_whitespace=False)
    new_password = serializers.CharField(max_length=LONGEST_PASSWORD, trim_whitespace=False)


class TotpSerializer(serializers.Serializer[Any]):
    """The authenticator app."""

    enabled = serializers.BooleanField()
    created_at = serializers.DateTimeField(allow_null=True)


class SecondFactorSerializer(serializers.Serializer[Any]):
    """What is set up."""

    totp = TotpSerializer()
    recovery_codes_left = serializers.IntegerField()


@example(password="a long password")  # noqa: S106
class BeginTotpSerializer(serializers.Serializer[Any]):
    """The password, unless the session has just begun."""

    password = serializers.CharField(
        max_length=LONGEST_PASSWORD, trim_whitespace=False, required=False
    )


class NewTotpSerializer(serializers.Serializer[Any]):
    """What an authenticator app is fed with."""

    secret = serializers.CharField()
    otpauth_uri = serializers.CharField()


@example(code="123456")
class ConfirmTotpSerializer(serializers.Serializer[Any]):
    """A code the authenticator app shows now."""

    code = serializers.CharField(max_length=LONGEST_CODE)


class RecoveryCodesSerializer(serializers.Serializer[Any]):
    """Codes that work once each, shown this once."""

    recovery_codes = serializers.ListField(child=serializers.CharField())


@example(code="123456")
class ProofSerializer(serializers.Serializer[Any]):
    """The password, or a code of the second factor."""

    password = serializers.CharField(
        max_length=LONGEST_PASSWORD, trim_whitespace=False, required=False
    )
    code = serializers.CharField(max_length=LONGEST_CODE, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of both is needed."""
        if not attrs:
            raise serializers.ValidationError("Send the password or a code.", "required")
        return attrs


class SignInSerializer(serializers.ModelSerializer[SignIn]):
    """A session of the caller."""

    current = serializers.SerializerMethodField()

    class Meta:
        model = SignIn
        fields = (
            "id",
            "method",
            "address",
            "user_agent",
            "created_at",
            "last_seen_at",
            "current",
        )
        read_only_fields = fields

    def get_current(self, row: SignIn) -> bool:
        """Whether this is the session that asks."""
        return bool(row.session_id == self.context["request"].session.session_key)


class EndSessionsSerializer(serializers.Serializer[Any]):
    """Which sessions end."""

    all = serializers.BooleanField(default=False, help_text="the one that asks as well")


class EndedSessionsSerializer(serializers.Serializer[Any]):
    """How many sessions ended."""

    sessions_ended = serializers.IntegerField()
