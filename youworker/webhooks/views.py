"""Webhooks over HTTP, for staff with the console's rights: they are told what everybody does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.authentication import IsStaff
from youworker.core.api.base import ActorView
from youworker.core.api.rate_limits import rate_limited
from youworker.webhooks import services
from youworker.webhooks.enums import SUBSCRIBABLE
from youworker.webhooks.models import Delivery, Endpoint
from youworker.webhooks.serializers import (
    ActionsSerializer,
    CreatedEndpointSerializer,
    CreateEndpointSerializer,
    DeliverySerializer,
    EndpointSerializer,
    SecretSerializer,
    UpdateEndpointSerializer,
)

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

    from youworker.webhooks.managers import DeliveryQuerySet, EndpointQuerySet

# What acts need beside reading; every other one changes the row.
RIGHTS = {"create": "add", "destroy": "delete"}


class HasConsoleRight(IsStaff):
    """Staff who may do the same to these rows in the console."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        act = getattr(view, "action", None) or ""
        right = "view" if request.method in SAFE_METHODS else RIGHTS.get(act, "change")
        options = view.queryset.model._meta
        return bool(request.user.has_perm(f"{options.app_label}.{right}_{options.model_name}"))


class EndpointViewSet(ActorView, ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Other programs that are told what happens here, by signed requests (Standard Webhooks)."""

    queryset = Endpoint.objects.none()
    serializer_class = EndpointSerializer
    permission_classes = [HasConsoleRight]
    scopes = {"read": "admin", "write": "admin"}

    def get_queryset(self) -> EndpointQuerySet:
        return Endpoint.objects.newest_first()

    @extend_schema(request=CreateEndpointSerializer, responses={201: CreatedEndpointSerializer})
    @rate_limited("ADMIN_ACTION")
    def create(self, request: Request) -> Response:
        """Add a webhook; the answer has its secret, which is never shown again."""
        form = CreateEndpointSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        endpoint, _secret = services.create_endpoint(**form.validated_data, actor=self.actor)
        return Response(CreatedEndpointSerializer(endpoint).data, status=201)

    @extend_schema(request=UpdateEndpointSerializer, responses=EndpointSerializer)
    @rate_limited("ADMIN_ACTION")
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Change the address, the description, or what is told."""
        endpoint = self.get_object()
        form = UpdateEndpointSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.update_endpoint(endpoint, **form.validated_data, actor=self.actor)
        return Response(EndpointSerializer(endpoint).data)

    @extend_schema(responses={204: None})
    @rate_limited("ADMIN_ACTION")
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Remove a webhook with its deliveries."""
        services.delete_endpoint(self.get_object(), actor=self.actor)
        return Response(status=204)

    @extend_schema(request=None, responses=SecretSerializer)
    @rate_limited("ADMIN_ACTION")
    def rotate_secret(self, request: Request, pk: Any = None) -> Response:
        """Make a new secret, shown this once; the former one signs as well for 24 hours."""
        secret = services.rotate_secret(self.get_object(), actor=self.actor)
        return Response(SecretSerializer({"secret": secret}).data)

    @extend_schema(request=None, responses=EndpointSerializer)
    @rate_limited("ADMIN_ACTION")
    def pause(self, request: Request, pk: Any = None) -> Response:
        """Send nothing for now; what happens meanwhile waits."""
        endpoint = self.get_object()
        services.pause_endpoint(endpoint, actor=self.actor)
        return Response(EndpointSerializer(endpoint).data)

    @extend_schema(request=None, responses=EndpointSerializer)
    @rate_limited("ADMIN_ACTION")
    def resume(self, request: Request, pk: Any = None) -> Response:
        """Send again what has waited, also after failures."""
        endpoint = self.get_object()
        services.resume_endpoint(endpoint, actor=self.actor)
        return Response(EndpointSerializer(endpoint).data)

    @extend_schema(request=None, responses={202: DeliverySerializer})
    @rate_limited("ADMIN_ACTION")
    def test(self, request: Request, pk: Any = None) -> Response:
        """Send an event `webhook.test`; 409 when the webhook is paused."""
        delivery = services.send_test(self.get_object(), actor=self.actor)
        return Response(DeliverySerializer(delivery).data, status=202)


class ActionsView(ActorView):
    """What webhooks can be told."""

    queryset = Endpoint.objects.none()
    permission_classes = [HasConsoleRight]
    scopes = {"read": "admin"}

    @extend_schema(operation_id="webhooks_actions", responses=ActionsSerializer)
    def get(self, request: Request) -> Response:
        """Name everything that happens here and can be told; `*` is all of it."""
        return Response(ActionsSerializer({"actions": SUBSCRIBABLE}).data)


class DeliveryViewSet(ActorView, GenericViewSet):
    """What was sent to one webhook, and what waits."""

    queryset = Delivery.objects.none()
    serializer_class = DeliverySerializer
    permission_classes = [HasConsoleRight]
    scopes = {"read": "admin", "write": "admin"}

    def get_queryset(self) -> DeliveryQuerySet:
        return Delivery.objects.with_event().newest_first()

    @extend_schema(responses=DeliverySerializer(many=True))
    def list(self, request: Request, pk: UUID) -> Response:
        """List the deliveries of a webhook, newest first, with every attempt."""
        endpoint = get_object_or_404(Endpoint.objects, pk=pk)
        rows = self.get_queryset().filter(endpoint=endpoint)
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(request=None, responses={202: DeliverySerializer})
    @rate_limited("ADMIN_ACTION")
    def resend(self, request: Request, pk: UUID, delivery_id: UUID) -> Response:
        """Send an event once more under the same id; 409 when the webhook is paused."""
        rows = self.get_queryset().select_related("endpoint").filter(endpoint=pk)
        delivery = get_object_or_404(rows, pk=delivery_id)
        services.resend_delivery(delivery, actor=self.actor)
        return Response(self.get_serializer(delivery).data, status=202)
