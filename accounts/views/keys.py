"""API keys over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts import services
from accounts.models import ApiKey
from accounts.serializers import (
    ApiKeySerializer,
    CreateApiKeySerializer,
    NewApiKeySerializer,
    RotateApiKeySerializer,
)
from youworker.core.api.base import ActorView
from youworker.core.api.rate_limits import rate_limited

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.managers import ApiKeyQuerySet


class ApiKeyViewSet(ActorView, ListModelMixin, GenericViewSet):
    """The caller's API keys; secrets are shown once, when they are made."""

    queryset = ApiKey.objects.none()
    serializer_class = ApiKeySerializer
    scopes = {"read": "account", "write": "account"}

    def get_queryset(self) -> ApiKeyQuerySet:
        return ApiKey.objects.visible_to(self.actor).newest_first().select_related("user")

    @extend_schema(request=CreateApiKeySerializer, responses={201: NewApiKeySerializer})
    @rate_limited("MODERATE_HOURLY")
    def create(self, request: Request) -> Response:
        """Make a key."""
        form = CreateApiKeySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = services.create_api_key(
            self.actor, **form.validated_data, with_key=self.shown_key, actor=self.actor
        )
        return shown_once(*made)

    @extend_schema(request=RotateApiKeySerializer, responses={201: NewApiKeySerializer})
    @rate_limited("API_KEY_REGENERATE")
    def rotate(self, request: Request, pk: Any = None) -> Response:
        """Replace a key."""
        form = RotateApiKeySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = services.rotate_api_key(
            self.get_object(), **form.validated_data, with_key=self.shown_key, actor=self.actor
        )
        return shown_once(*made)

    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Revoke a key at once."""
        services.revoke_api_key(self.get_object(), actor=self.actor)
        return Response(status=204)


def shown_once(key: ApiKey, secret: str) -> Response:
    """The answer that carries the secret."""
    return Response({**ApiKeySerializer(key).data, "key": secret}, status=201)
