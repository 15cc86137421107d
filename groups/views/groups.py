"""Groups over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from groups import services
from groups.models import Group
from groups.serializers import (
    CreateGroupSerializer,
    FindGroupsSerializer,
    GroupSerializer,
    UpdateGroupSerializer,
)
from youworker.core.api.base import ActorView
from youworker.core.api.rate_limits import rate_limited

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

    from groups.managers import GroupQuerySet


class GroupView(ActorView):
    """Finds groups for the caller; those they are not in look absent."""

    scopes = {"read": "account", "write": "account"}

    def group(self, group_id: UUID, *, deleted: bool = False) -> Group:
        """A group of the caller's, as they are shown it; 404 for any other."""
        groups: Any = Group.all_objects if deleted else Group.objects
        rows = groups.visible_to(self.actor).with_role_of(self.actor).with_member_count()
        group: Group = get_object_or_404(rows, pk=group_id)
        return group

    def managed(self, group_id: UUID) -> Group:
        """A group the caller is an admin of; 403 for other members."""
        group = self.group(group_id)
        services.require_admin(group, actor=self.actor)
        return group


class GroupViewSet(GroupView, ListModelMixin, GenericViewSet):
    """The caller's groups; every other one answers 404."""

    queryset = Group.objects.none()
    serializer_class = GroupSerializer

    def get_queryset(self) -> GroupQuerySet:
        form = FindGroupsSerializer(data=self.request.query_params)
        form.is_valid(raise_exception=True)
        wish = form.validated_data
        rows: GroupQuerySet = Group.all_objects.all()
        rows = rows.managed_by(self.actor).deleted() if wish["deleted"] else rows.alive()
        rows = rows.visible_to(self.actor).matching(wish.get("search", ""))
        return rows.with_role_of(self.actor).with_member_count().sorted_by(wish["ordering"])

    @extend_schema(parameters=[FindGroupsSerializer])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List them, newest first unless another order is asked for."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=CreateGroupSerializer, responses={201: GroupSerializer})
    @rate_limited("MODERATE")
    def create(self, request: Request) -> Response:
        """Make a group; the caller becomes its admin."""
        form = CreateGroupSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = services.create_group(**form.validated_data, actor=self.actor)
        return self.serialize(made, status=201)

    def retrieve(self, request: Request, pk: Any = None) -> Response:
        """Show one."""
        return Response(self.get_serializer(self.group(pk)).data)

    @extend_schema(request=UpdateGroupSerializer, responses=GroupSerializer)
    @rate_limited("MODERATE")
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Rename or describe it; its admins only."""
        group = self.managed(pk)
        form = UpdateGroupSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        changed = services.update_group(group, **form.validated_data, actor=self.actor)
        return self.serialize(changed)

    @extend_schema(responses={204: None})
    @rate_limited("MODERATE")
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Hide it with everything that is shared with it, until it is restored; admins only."""
        services.delete_group(self.group(pk), actor=self.actor)
        return Response(status=204)

    @extend_schema(request=None, responses=GroupSerializer)
    @rate_limited("MODERATE")
    def restore(self, request: Request, pk: Any = None) -> Response:
        """Show a deleted group again; those who were its admins only."""
        group = services.restore_group(self.group(pk, deleted=True), actor=self.actor)
        return self.serialize(group)

    def serialize(self, group: Group, *, status: int = 200) -> Response:
        """The group as it is now."""
        return Response(self.get_serializer(self.group(group.pk)).data, status=status)
