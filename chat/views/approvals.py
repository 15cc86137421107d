"""Tool calls that wait for a decision, and what was allowed beyond one call, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from chat import approvals, grants, services
from chat.models import ToolGrant, ToolRun
from chat.rendering import rendered_approval, rendered_grant, rendered_tool_run
from chat.serializers import (
    ApprovalSerializer,
    DecideCallSerializer,
    ToolGrantSerializer,
    ToolRunSerializer,
)
from chat.views.conversations import ChatView, validated

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

    from chat.managers import ToolGrantQuerySet, ToolRunQuerySet


class ApprovalViewSet(ChatView, GenericViewSet):
    """Tool calls that wait for the caller: their own, and those a group's admin answers."""

    queryset = ToolRun.objects.none()
    serializer_class = ApprovalSerializer

    def get_queryset(self) -> ToolRunQuerySet:
        return approvals.waiting_calls(self.actor)

    @extend_schema(responses=ApprovalSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List calls that wait, oldest first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        questions = approvals.questions_about(page)
        return self.get_paginated_response([rendered_approval(one) for one in questions])

    @extend_schema(request=DecideCallSerializer, responses=ToolRunSerializer)
    def decide(self, request: Request, pk: UUID, tool_run_id: UUID) -> Response:
        """Allow or deny a call; its run goes on in whichever process has room."""
        # Who has no such call learns that, and not what would be wrong in the answer.
        services.find_call(pk, tool_run_id, actor=self.actor)
        form = validated(DecideCallSerializer(data=request.data))
        row = services.decide_call(pk, tool_run_id, **form, actor=self.actor)
        return Response(rendered_tool_run(row))


class ToolGrantViewSet(ChatView, GenericViewSet):
    """Tools that the caller allowed beyond one call, as far as that still holds."""

    queryset = ToolGrant.objects.none()
    serializer_class = ToolGrantSerializer

    def get_queryset(self) -> ToolGrantQuerySet:
        return ToolGrant.objects.visible_to(self.actor).newest_first()

    @extend_schema(responses=ToolGrantSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List what is allowed, the latest first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response([rendered_grant(row) for row in page])

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """End one: the tool asks again from now on."""
        grants.revoke_grant(pk, actor=self.actor)
        return Response(status=204)
