"""Documents over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from documents import services
from documents.content import original
from documents.filters import DocumentFilter, without_private
from documents.models import Document, Passage
from documents.serializers import (
    AccessSerializer,
    DocumentSerializer,
    PassageSerializer,
    UpdateDocumentSerializer,
)
from documents.views.collections import SCOPES
from youworker.core.api.base import ActorView
from youworker.core.api.formats import OrjsonRenderer
from youworker.core.api.rate_limits import rate_limited
from youworker.core.exceptions import NotFound

if TYPE_CHECKING:
    from django.http import HttpResponseBase
    from rest_framework.request import Request

    from documents.managers import DocumentQuerySet

TAGS = OpenApiParameter("tag", str, many=True, description="Repeated: all of them.")


class AnyType(OrjsonRenderer):
    """Lets a client accept any type where a file is the answer; errors stay JSON."""

    media_type = "*/*"


class DocumentViewSet(ActorView, ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Documents the caller may see; every other one answers 404."""

    queryset = Document.objects.none()
    serializer_class = DocumentSerializer
    filterset_class = DocumentFilter
    scopes = SCOPES

    def get_queryset(self) -> DocumentQuerySet:
        rows: DocumentQuerySet = Document.all_objects.reachable_by(self.actor)
        # Only the list may look at deleted documents, and only when it is asked to.
        if not (self.action == "list" and self.request.query_params.get("deleted")):
            rows = rows.alive()
        if self.action == "list":
            rows = without_private(rows, self.request.query_params)
        return rows.with_writable(self.actor).with_relations().newest_first()

    @extend_schema(parameters=[TAGS])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List them, newest first."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=UpdateDocumentSerializer, responses=DocumentSerializer)
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Rename, tag, move or share it, or say in which language it is."""
        form = UpdateDocumentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.update_document(self.get_object(), actor=self.actor, **form.validated_data)
        return Response(self.serialize(pk))

    @rate_limited("FILE_DELETE")
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Hide it; it can be restored for some weeks."""
        services.delete_document(self.get_object(), actor=self.actor)
        return Response(status=204)

    @extend_schema(request=None, responses=DocumentSerializer)
    def restore(self, request: Request, pk: Any = None) -> Response:
        """Show a deleted document again."""
        services.restore_document(pk, actor=self.actor)
        return Response(self.serialize(pk))

    @extend_schema(responses={(200, "*/*"): OpenApiTypes.BINARY})
    @action(detail=True, filterset_class=None, renderer_classes=[OrjsonRenderer, AnyType])
    def content(self, request: Request, pk: Any = None) -> HttpResponseBase:
        """Download the original; byte ranges are answered."""
        document = self.get_object()
        stored = services.stored_original(document.stored_file)
        if stored is None:
            raise NotFound("The original of this document is not stored.")
        services.record_access(document, actor=self.actor)
        return original(request._request, document, stored)

    @extend_schema(responses=PassageSerializer(many=True))
    @action(detail=True, filterset_class=None)
    def passages(self, request: Request, pk: Any = None) -> Response:
        """Read the text in order."""
        document = self.get_object()
        rows = Passage.objects.filter(document=document).defer("search").order_by("ordinal")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(PassageSerializer(page, many=True).data)

    @extend_schema(responses=AccessSerializer(many=True))
    @action(detail=True, filterset_class=None)
    def access(self, request: Request, pk: Any = None) -> Response:
        """Tell who sees it and why; to those who may only read it, why they do."""
        document = self.get_object()
        page = self.paginate_queryset(services.users_shown(document, actor=self.actor))
        reasons = services.access_reasons(document, page or [])
        rows = [
            {
                "user": person,
                "access": max(reason.access for reason in reasons[person.pk]),
                "reasons": reasons[person.pk],
            }
            for person in page or []
        ]
        return self.get_paginated_response(AccessSerializer(rows, many=True).data)

    def serialize(self, pk: Any) -> Any:
        """The document as the list shows it."""
        return self.get_serializer(self.get_queryset().get(pk=pk)).data
