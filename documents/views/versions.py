"""What a document was made of before, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from documents import services
from documents.content import original
from documents.layout import cells_of
from documents.models import Document, DocumentVersion, Passage, VersionPassage
from documents.serializers import DocumentSerializer, PassageSerializer, VersionSerializer
from documents.views.collections import SCOPES
from documents.views.documents import AnyType
from youworker.core.api.base import ActorView
from youworker.core.api.formats import OrjsonRenderer
from youworker.core.api.rate_limits import rate_limited
from youworker.core.exceptions import NotFound

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponseBase
    from rest_framework.request import Request

    from documents.managers import DocumentQuerySet


class VersionViewSet(ActorView, GenericViewSet):
    """Versions of a document the caller may see, the present one among them."""

    queryset = Document.objects.none()
    serializer_class = VersionSerializer
    filterset_class = None
    scopes = SCOPES

    def get_queryset(self) -> DocumentQuerySet:
        rows: DocumentQuerySet = Document.objects.visible_to(self.actor)
        return rows.with_writable(self.actor).with_relations().select_related("stored_file")

    @extend_schema(responses=VersionSerializer(many=True))
    def list(self, request: Request, pk: UUID) -> Response:
        """List them, the present one first."""
        document = self.get_object()
        rows = [shown(document), *map(shown, services.versions_of(document))]
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(VersionSerializer(page, many=True).data)

    @extend_schema(responses=VersionSerializer)
    def retrieve(self, request: Request, pk: UUID, number: int) -> Response:
        """Describe one."""
        return Response(VersionSerializer(shown(self.find(number))).data)

    @extend_schema(responses={204: None})
    @rate_limited("FILE_DELETE")
    def destroy(self, request: Request, pk: UUID, number: int) -> Response:
        """Remove an older one for good."""
        services.delete_version(self.get_object(), number, actor=self.actor)
        return Response(status=204)

    @extend_schema(request=None, responses=DocumentSerializer)
    def restore(self, request: Request, pk: UUID, number: int) -> Response:
        """Make an older one the newest; what is the newest now becomes an older one."""
        services.restore_version(self.get_object(), number, actor=self.actor)
        return Response(DocumentSerializer(self.get_object()).data)

    @extend_schema(responses={(200, "*/*"): OpenApiTypes.BINARY})
    @action(detail=True, filterset_class=None, renderer_classes=[OrjsonRenderer, AnyType])
    def content(self, request: Request, pk: UUID, number: int) -> HttpResponseBase:
        """Download the original of one; byte ranges are answered."""
        found = self.find(number)
        stored = services.stored_original(found.stored_file)
        if stored is None:
            raise NotFound("The original of this version is not stored.")
        document = found.document if isinstance(found, DocumentVersion) else found
        services.record_access(document, actor=self.actor)
        return original(request._request, found, stored)

    @extend_schema(responses=PassageSerializer(many=True))
    @action(detail=True, filterset_class=None)
    def passages(self, request: Request, pk: UUID, number: int) -> Response:
        """Read the text of one in order."""
        found = self.find(number)
        rows: Any = Passage.objects.filter(document=pk).defer("search")
        if isinstance(found, DocumentVersion):
            rows = VersionPassage.objects.filter(version=found)
        page = self.paginate_queryset(rows.order_by("ordinal"))
        return self.get_paginated_response([passage_row(row) for row in page or []])

    def find(self, number: int) -> Document | DocumentVersion:
        """The present version or an older one; raises `NotFound`."""
        document: Document = self.get_object()
        if document.version == number:
            return document
        return services.visible_version(document.pk, number, actor=self.actor)


def shown(row: Document | DocumentVersion) -> dict[str, Any]:
    """A version as the API describes it."""
    about: dict[str, Any]
    if isinstance(row, Document):
        about = {"number": row.version, "since": row.version_since or row.created_at}
        about |= {"current": True, "replaced_at": None}
    else:
        about = {"number": row.number, "since": row.since}
        about |= {"current": False, "replaced_at": row.created_at}
    same = ("title", "uri", "mime", "size", "sha256", "language", "pages", "passage_count")
    return about | {name: getattr(row, name) for name in same}


def passage_row(row: Passage | VersionPassage) -> dict[str, Any]:
    """A passage as the API gives it, under the id by which citations know it."""
    known = row.passage_id if isinstance(row, VersionPassage) else row.pk
    fields = ("ordinal", "text", "page", "heading", "start", "end", "second")
    about = {name: getattr(row, name) for name in fields}
    return {"chunk_id": str(known), **about, "cells": cells_of(row.layout)}
