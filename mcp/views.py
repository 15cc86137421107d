"""Tool servers and tools over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.authentication import IsStaff, SignedInWithScope
from groups.models import Group
from mcp import services
from mcp.exceptions import BrowserNeeded
from mcp.models import Connection, GroupPolicy, Server, Tool
from mcp.pages import callback_url
from mcp.serializers import (
    ConnectionSerializer,
    CreateServerSerializer,
    GroupPolicySerializer,
    ServerSerializer,
    SetGroupPolicySerializer,
    StaffServerSerializer,
    StaffToolSerializer,
    ToolSerializer,
    ToolSignInSerializer,
    UpdateServerSerializer,
    UpdateToolSerializer,
)
from youworker.core.api.base import ActorView
from youworker.core.api.rate_limits import rate_limited

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from rest_framework.request import Request

    from mcp.managers import GroupPolicyQuerySet, ServerQuerySet, ToolQuerySet


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
        services.discover_server(server, actor=self.actor)
        return self.serialize(server)

    def serialize(self, server: Server, *, status: int = 200) -> Response:
        """The server as it is now."""
        row = self.get_queryset().get(pk=server.pk)
        return Response(StaffServerSerializer(row).data, status=status)


class ConnectionsView(ActorView):
    """The servers at which each user signs in, and how the caller stands with them."""

    permission_classes = [SignedInWithScope]
    scopes = {"read": "tools"}

    @extend_schema(operation_id="mcp_connections_list", responses=ConnectionSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List them by name; nothing that opens anything is in it."""
        states = services.connection_states(self.actor)
        return Response(ConnectionSerializer(states, many=True).data)


class ConnectionView(ActorView):
    """The caller's own sign-in at one server."""

    permission_classes = [SignedInWithScope]
    scopes = {"write": "tools"}

    @extend_schema(request=None, responses=ToolSignInSerializer)
    @rate_limited("VERY_STRICT")
    def post(self, request: Request, pk: UUID) -> Response:
        """Begin to sign in; the answer says where the browser goes. Sessions only."""
        server = get_object_or_404(Server.objects.signing_in(), pk=pk)
        if self.shown_key is not None:
            raise BrowserNeeded("Signing in needs a browser: open “Connected tools” in it.")
        url = services.begin_connection(
            server,
            session=request._request.session,
            redirect_uri=callback_url(request._request),
            actor=self.actor,
        )
        return Response(ToolSignInSerializer({"authorization_url": url}).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Forget the caller's tokens, and give them back to whoever handed them out."""
        mine = Connection.objects.visible_to(self.actor)
        services.remove_connection(get_object_or_404(mine, server_id=pk), actor=self.actor)
        return Response(status=204)


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


class GroupPolicyViewSet(ActorView, GenericViewSet):
    """Stricter policies of groups for a tool; staff only. The strictest of all counts."""

    queryset = GroupPolicy.objects.none()
    serializer_class = GroupPolicySerializer
    permission_classes = [IsStaff]
    scopes = {"read": "admin", "write": "admin"}

    def get_queryset(self) -> GroupPolicyQuerySet:
        rows = GroupPolicy.objects.filter(group__deleted_at__isnull=True)
        return rows.select_related("group").order_by("group__name", "pk")

    @extend_schema(responses=GroupPolicySerializer(many=True))
    def list(self, request: Request, pk: UUID) -> Response:
        """List the policies of groups for one tool."""
        rows = self.get_queryset().filter(tool=self.find_tool(pk))
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(request=SetGroupPolicySerializer, responses=GroupPolicySerializer)
    @rate_limited("ADMIN_ACTION")
    def update(self, request: Request, pk: UUID, group_id: UUID) -> Response:
        """Set a group's policy for a tool."""
        tool = self.find_tool(pk)
        group = get_object_or_404(Group.objects, pk=group_id)
        form = SetGroupPolicySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.set_group_policy(tool, group, **form.validated_data, actor=self.actor)
        return Response(self.get_serializer(self.get_queryset().get(tool=tool, group=group)).data)

    @extend_schema(responses={204: None})
    @rate_limited("ADMIN_ACTION")
    def destroy(self, request: Request, pk: UUID, group_id: UUID) -> Response:
        """Take a group's policy for a tool back."""
        tool = self.find_tool(pk)
        group = get_object_or_404(Group.objects, pk=group_id)
        services.set_group_policy(tool, group, policy=None, actor=self.actor)
        return Response(status=204)

    def find_tool(self, pk: UUID) -> Tool:
        """The tool of the address; else 404."""
        return get_object_or_404(Tool.objects.with_server(), pk=pk)
