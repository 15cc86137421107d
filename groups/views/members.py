"""Members of groups over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from groups import services
from groups.models import Membership
from groups.serializers import AddMemberSerializer, ChangeRoleSerializer, MemberSerializer
from groups.views.groups import GroupView
from youworker.core.api.rate_limits import rate_limited

if TYPE_CHECKING:
    from rest_framework.request import Request

    from groups.managers import MembershipQuerySet


class MemberViewSet(GroupView, ListModelMixin, GenericViewSet):
    """The members of a group of the caller's."""

    queryset = Membership.objects.none()
    serializer_class = MemberSerializer

    def get_queryset(self) -> MembershipQuerySet:
        group = self.group(self.kwargs["group_id"])
        visible = Membership.objects.visible_to(self.actor).filter(group=group)
        return visible.with_user().oldest_first()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List them, the longest member first."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=AddMemberSerializer, responses={201: MemberSerializer})
    @rate_limited("MODERATE")
    def create(self, request: Request, group_id: Any = None) -> Response:
        """Take somebody in; admins only."""
        group = self.managed(group_id)
        form = AddMemberSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        member = services.add_member(group, **form.validated_data, actor=self.actor)
        return Response(MemberSerializer(member).data, status=201)

    @extend_schema(request=ChangeRoleSerializer, responses=MemberSerializer)
    @rate_limited("MODERATE")
    def partial_update(
        self, request: Request, group_id: Any = None, user_id: Any = None
    ) -> Response:
        """Make a member an admin, or an admin a member; admins only."""
        group = self.managed(group_id)
        form = ChangeRoleSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        role = form.validated_data["role"]
        member = services.change_role(group, user_id=user_id, role=role, actor=self.actor)
        return Response(MemberSerializer(member).data)

    @extend_schema(responses={204: None})
    @rate_limited("MODERATE")
    def destroy(self, request: Request, group_id: Any = None, user_id: Any = None) -> Response:
        """Remove a member, as an admin; or leave."""
        services.remove_member(self.group(group_id), user_id=user_id, actor=self.actor)
        return Response(status=204)
