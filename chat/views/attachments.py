"""Files beside questions over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from chat import services
from chat.models import Attachment
from chat.rendering import rendered_attachment
from chat.runs.pictures import SHOWN_SIDE, THUMBNAIL_SIDE, picture_of
from chat.serializers import (
    AttachmentSerializer,
    BeginAttachingSerializer,
    PrivateCollectionSerializer,
)
from chat.views.conversations import ChatView, validated
from youworker.core.api.formats import WhateverIsAccepted
from youworker.core.api.rate_limits import rate_limited
from youworker.core.exceptions import NotFound

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

# Pictures of a conversation do not change; who may see one is asked again after that.
KEPT_SECONDS = 300


class AttachmentViewSet(ChatView, GenericViewSet):
    """Files of the caller's conversations; every other one answers 404."""

    queryset = Attachment.objects.none()
    serializer_class = AttachmentSerializer
    pagination_class = None

    @extend_schema(request=BeginAttachingSerializer, responses={201: PrivateCollectionSerializer})
    @rate_limited("CHAT_MESSAGE")
    def begin(self, request: Request) -> Response:
        """Get the collection that files of a conversation are uploaded into.

        Its files are seen in the conversation only, and go with it. Without a `session_id` it
        belongs to the first question its files come with; unused, it goes after a week.
        """
        form = validated(BeginAttachingSerializer(data=request.data))
        made = services.ensure_private_collection(form.get("session_id"), actor=self.actor)
        return Response({"collection_id": made.pk}, status=201)

    @extend_schema(responses=AttachmentSerializer(many=True))
    def list(self, request: Request, pk: UUID) -> Response:
        """List the files of a conversation in the order they came, each once."""
        session = services.own_session(pk, actor=self.actor)
        found = services.attachments_in(session, actor=self.actor)
        return Response([rendered_attachment(row) for row in found])

    @extend_schema(request=None, responses=AttachmentSerializer)
    def keep(self, request: Request, pk: UUID) -> Response:
        """Move a file's document into the library, where it outlives the conversation."""
        attachment = services.own_attachment(pk, actor=self.actor)
        kept = services.keep_in_library(attachment, actor=self.actor)
        return Response(rendered_attachment(kept))


class PictureView(ChatView):
    """An attached image as a JPEG made anew: nothing else of the file is in it."""

    content_negotiation_class = WhateverIsAccepted
    side = SHOWN_SIDE

    @extend_schema(
        operation_id="attachment_picture",
        responses={(200, "image/jpeg"): OpenApiTypes.BINARY},
    )
    @rate_limited("PICTURE")
    def get(self, request: Request, pk: UUID) -> Any:
        """Show the picture; 404 where there is none."""
        attachment = services.own_attachment(pk, actor=self.actor)
        picture = picture_of(attachment, self.side, user=self.actor)
        if picture is None:
            raise NotFound("Not found.")
        response = HttpResponse(picture, content_type="image/jpeg")
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["Cache-Control"] = f"private, max-age={KEPT_SECONDS}"
        return response


class ThumbnailView(PictureView):
    """The same as small as a list shows it."""

    side = THUMBNAIL_SIDE

    @extend_schema(
        operation_id="attachment_thumbnail",
        responses={(200, "image/jpeg"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: UUID) -> Any:
        """Show the picture; 404 where there is none."""
        return super().get(request, pk)
