"""Tool servers and tools over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.authentication import IsStaff, SignedInWithScope
from mcp import services
from mcp.models import Server, Tool
from mcp.serializers import (
    CreateServerSerializer,
    ServerSerializer,
    StaffServerSerializer,
    StaffToolSerializer,
    ToolSerializer,
    UpdateServerSerializer,
    UpdateToolSerializer,
)
from youworker.core.api.base import ActorView
from youworker.core.api.rate_limits import rate_limited

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.request import Request

    from mcp.managers import ServerQuerySet, ToolQuerySet


CREATORS: dict[str, Callable[..., Server]] = {
    "mcp": services.create_server,
    "openapi": services.create_openapi_server,
}


class ReadByAllWrittenByStaff(ActorView):
    """Everybody signed in may look, only staff may change."""

    scopes = {"read": "tools", "write": "admin"}

    def get_permissions(self) -> list[BasePermission]:
        """Reading needs a sign-in, writing staff."""
        reading = self.request.method in SAFE_METHODS
        return [SignedInWithScope() if reading else IsStaff()]


class ServerViewSet(ReadByAllWrittenByStaff, ListModelMixin, GenericViewSet):
    """Servers that offer tools. Staff add, change, refresh and remove them."""

    queryset = Server.objects.none()
    serializer_class = ServerSerializer

    def get_queryset(self) -> ServerQuerySet:
        return Server.objects.visible_to(self.actor).with_tool_count().by_slug()

    def get_serializer_class(self) -> type[ServerSerializer]:
        """Only staff are told addresses."""
        staff = self.request is not None and self.request.user.is_staff
        return StaffServerSerializer if staff else ServerSerializer

    @extend_schema(request=CreateServerSerializer, responses={201: StaffServerSerializer})
    @rate_limited("ADMIN_ACTION")
    def create(self, request: Request) -> Response:
        """Add a server at a URL, or an API by its document; `refresh` then finds its tools."""
        form = CreateServerSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = dict(form.validated_data)
        create = CREATORS[given.pop("kind")]
        server = create(**given, actor=self.actor)
        return self.serialize(server, status=201)

    @extend_schema(request=UpdateServerSerializer, responses=StaffServerSerializer)
    @rate_limited("ADMIN_ACTION")
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Change title, addresses, secrets (as a whole) or the switch."""
        server = self.get_object()
        form = UpdateServerSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.update_server(server, **form.validated_data, actor=self.actor)
        return self.serialize(server)

    @extend_schema(responses={204: None})
    @rate_limited("ADMIN_ACTION")
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Remove a server and its tools."""
        services.delete_server(self.get_object(), actor=self.actor)
        return Response(status=204)

    @extend_schema(request=None, responses=StaffServerSerializer)
    @rate_limited("ADMIN_ACTION")
    def refresh(self, request: Request, pk: Any = None) -> Response:
        """Ask the server for its tools now; 503 when it does not answer."""
        server = self.get_object()
        services.discover_server(server)
        return self.serialize(server)

    def serialize(self, server: Server, *, status: int = 200) -> Response:
        """The server as it is now."""
        row = self.get_queryset().get(pk=server.pk)
        return Response(StaffServerSerializer(row).data, status=status)


class ToolViewSet(ReadByAllWrittenByStaff, ListModelMixin, GenericViewSet):
    """Tools the caller may use. Staff also see those that are off, and why."""

    queryset = Tool.objects.none()
    serializer_class = ToolSerializer

    def get_queryset(self) -> ToolQuerySet:
        visible = Tool.objects.visible_to(self.actor)
        return visible.with_policy_for(self.actor).with_server().by_name()

    def get_serializer_class(self) -> type[ToolSerializer]:
        """Only staff are told about switches."""
        staff = self.request is not None and self.request.user.is_staff
        return StaffToolSerializer if staff else ToolSerializer

    @extend_schema(request=UpdateToolSerializer, responses=StaffToolSerializer)
    @rate_limited("ADMIN_ACTION")
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Change the policy or the switch, or agree to a changed tool."""
        tool = self.get_object()
        form = UpdateToolSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.update_tool(tool, **form.validated_data, actor=self.actor)
        return Response(StaffToolSerializer(self.get_queryset().get(pk=tool.pk)).data)
