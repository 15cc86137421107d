"""`GET /v1/account/usage`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.models import ApiKey
from groups.enums import Measure
from youworker.common.api import ActorView
from youworker.usage.report import usage_of

if TYPE_CHECKING:
    from rest_framework.request import Request


class UsedSerializer(serializers.Serializer[Any]):
    """What the caller has used."""

    tokens_per_day = serializers.IntegerField()
    tokens_per_month = serializers.IntegerField()
    stored_bytes = serializers.IntegerField()
    documents = serializers.IntegerField()
    runs_at_once = serializers.IntegerField()


class LimitSerializer(serializers.Serializer[Any]):
    """One limit: of the caller, of a group's members together, or of the key that asks."""

    measure = serializers.ChoiceField(Measure.choices)
    scope = serializers.ChoiceField(["user", "group", "api_key"])
    id = serializers.UUIDField()
    name = serializers.CharField()
    limit = serializers.IntegerField()
    used = serializers.IntegerField()
    left = serializers.IntegerField()


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
        key = request.auth.pk if isinstance(request.auth, ApiKey) else None
        return Response(UsageReportSerializer(usage_of(self.actor, key)).data)
