"""What stands for older messages, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework.viewsets import GenericViewSet

from chat import services
from chat.models import Summary
from chat.rendering import rendered_summary
from chat.serializers import SummarySerializer
from chat.views.conversations import ChatView

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request
    from rest_framework.response import Response


class SummaryViewSet(ChatView, GenericViewSet):
    """Summaries of a conversation that fills the window of a model."""

    queryset = Summary.objects.none()
    serializer_class = SummarySerializer

    @extend_schema(responses=SummarySerializer(many=True))
    def list(self, request: Request, pk: UUID) -> Response:
        """List summaries, oldest first: models read them instead of messages up to one."""
        session = services.own_session(pk, actor=self.actor)
        rows = Summary.objects.filter(session=session).oldest_first()
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response([rendered_summary(row) for row in page])
