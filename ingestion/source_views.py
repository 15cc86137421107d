"""Sources that collections follow, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from ingestion import source_services
from ingestion.enums import SourceKind, SourceState
from ingestion.models import Source
from ingestion.serializers import (
    CreateSourceSerializer,
    DeleteSourceSerializer,
    SourceSerializer,
    SyncSerializer,
    UpdateSourceSerializer,
)
from youworker.core.api.base import ActorView
from youworker.core.api.rate_limits import rate_limited

if TYPE_CHECKING:
    from rest_framework.request import Request

    from ingestion.source_managers import SourceQuerySet


class SourceFilter(django_filters.FilterSet):
    """Sources by kind and state."""

    kind = django_filters.ChoiceFilter(choices=SourceKind.choices)
    state = django_filters.ChoiceFilter(choices=SourceState.choices)

    class Meta:
        model = Source
        fields = ("kind", "state")


class SourceViewSet(ActorView, ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Folders and websites that the caller's collections follow; every other one answers 404.

    New, changed and deleted files follow when a source is read: by its schedule, or when asked.
    """

    queryset = Source.objects.none()
    serializer_class = SourceSerializer
    filterset_class = SourceFilter
    scopes = {"read": "documents.read", "write": "documents.write"}

    def get_queryset(self) -> SourceQuerySet:
        rows: SourceQuerySet = Source.objects.visible_to(self.actor).select_related("owner")
        return rows.newest_first()

    @extend_schema(request=CreateSourceSerializer, responses={201: SourceSerializer})
    @rate_limited("FILE_UPLOAD")
    def create(self, request: Request) -> Response:
        """Follow a website, or a folder below an allowed one (staff only); it is read at once."""
        form = CreateSourceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = source_services.create_source(**form.validated_data, actor=self.actor)
        return Response(SourceSerializer(made).data, status=201)

    @extend_schema(request=UpdateSourceSerializer, responses=SourceSerializer)
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Change the schedule or the bounds, pause it, or let it go on."""
        form = UpdateSourceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        changed = source_services.update_source(
            self.get_object(), **form.validated_data, actor=self.actor
        )
        return Response(SourceSerializer(changed).data)

    @extend_schema(parameters=[DeleteSourceSerializer], responses={204: None})
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Follow it no longer; `documents=remove` deletes, restorably, what it brought."""
        form = DeleteSourceSerializer(data=request.query_params)
        source = self.get_object()
        form.is_valid(raise_exception=True)
        remove = form.validated_data["documents"] == "remove"
        source_services.delete_source(source, remove_documents=remove, actor=self.actor)
        return Response(status=204)

    @extend_schema(request=SyncSerializer, responses={202: SourceSerializer})
    @rate_limited("FILE_UPLOAD")
    def sync(self, request: Request, pk: Any = None) -> Response:
        """Read it now."""
        source = self.get_object()
        form = SyncSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked = source_services.request_sync(source, **form.validated_data, actor=self.actor)
        return Response(SourceSerializer(asked).data, status=202)
