"""`GET /v1/account/usage`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from quotas.enums import QuotaKind, SubjectKind
from quotas.report import report_usage
from youworker.core.api.base import ActorView

if TYPE_CHECKING:
    from rest_framework.request import Request


class UsedSerializer(serializers.Serializer[Any]):
    """What the caller has used."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {kind.value: serializers.IntegerField() for kind in QuotaKind}


class LimitSerializer(serializers.Serializer[Any]):
    """One limit: of the caller, of a group's members together, or of the key that asks."""

    measure = serializers.ChoiceField(QuotaKind.choices)
    unit = serializers.CharField()
    scope = serializers.ChoiceField(SubjectKind.values)
    id = serializers.UUIDField()
    name = serializers.CharField()
    limit = serializers.IntegerField()
    used = serializers.IntegerField()
    left = serializers.IntegerField()
    resets_at = serializers.DateTimeField(allow_null=True)


class UsageReportSerializer(serializers.Serializer[Any]):
    """Use and limits."""

    used = UsedSerializer()
    limits = LimitSerializer(many=True)


class UsageView(ActorView):
    """What the caller has used and what is left."""

    scopes = {"read": "account"}

    @extend_schema(operation_id="account_usage", responses=UsageReportSerializer)
    def get(self, request: Request) -> Response:
        """Read use and limits; no limit is listed where there is none."""
        key = self.shown_key
        report = report_usage(self.actor, key.pk if key else None)
        return Response(UsageReportSerializer(report).data)
