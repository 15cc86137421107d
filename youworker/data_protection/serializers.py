"""Exports, erasures and cleared histories as clients read and ask for them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.enums import SharedDocuments
from accounts.models import DataExport, Erasure
from accounts.types import LONGEST_PASSWORD
from youworker.core.api.schema import example


class ExportSerializer(serializers.ModelSerializer[DataExport]):
    """A copy of the caller's data; it can be downloaded while its status is `ready`."""

    class Meta:
        model = DataExport
        fields = ("id", "status", "created_at", "expires_at", "bytes")
        read_only_fields = fields


@example(password="the password of the account")  # noqa: S106 -- only shown
class ExportProofSerializer(serializers.Serializer[Any]):
    """The password; not needed in a session that was begun some minutes ago."""

    password = serializers.CharField(
        max_length=LONGEST_PASSWORD,
        trim_whitespace=False,
        required=False,
        default="",
        write_only=True,
    )


@example(password="the password of the account", shared_documents="hand_over")  # noqa: S106
class EraseSerializer(ExportProofSerializer):
    """What becomes of documents that groups use, when the account is erased."""

    shared_documents = serializers.ChoiceField(
        SharedDocuments.choices, default=SharedDocuments.HAND_OVER
    )


class ErasureSerializer(serializers.ModelSerializer[Erasure]):
    """An erasure; `held` waits until a legal hold is lifted."""

    detail = serializers.SerializerMethodField()

    class Meta:
        model = Erasure
        fields = ("id", "status", "shared_documents", "created_at", "detail")
        read_only_fields = fields

    def get_detail(self, erasure: Erasure) -> str:
        """What happens next."""
        if erasure.status == "held":
            return (
                "The account is closed. Its data is under a legal hold and is erased once the "
                "hold is lifted."
            )
        return "The account is closed. Its data is being erased, which takes some minutes."


class ClearedSerializer(serializers.Serializer[Any]):
    """What was removed for good."""

    sessions_deleted = serializers.IntegerField()
    messages_deleted = serializers.IntegerField()
