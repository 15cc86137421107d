"""Handing files in and watching them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django_filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from ingestion import services
from ingestion.enums import IngestionStatus, RunKind, Stage
from ingestion.models import IngestionItem, IngestionRun
from ingestion.serializers import (
    ItemSerializer,
    PathsSerializer,
    RunSerializer,
    UploadSerializer,
    UrlsSerializer,
)
from ingestion.store import ReceivingHandler
from youworker.core.api.base import ActorView
from youworker.core.api.rate_limits import rate_limited

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from rest_framework.request import Request

    from ingestion.managers import IngestionRunQuerySet, ItemQuerySet


class RunFilter(django_filters.FilterSet):
    """Runs by status and kind."""

    status = django_filters.ChoiceFilter(choices=IngestionStatus.choices)
    kind = django_filters.ChoiceFilter(choices=RunKind.choices)

    class Meta:
        model = IngestionRun
        fields = ("status", "kind")


class ItemFilter(django_filters.FilterSet):
    """Items by stage, and by the file they came out of."""

    stage = django_filters.ChoiceFilter(choices=Stage.choices)
    parent = django_filters.UUIDFilter(field_name="parent")

    class Meta:
        model = IngestionItem
        fields = ("stage", "parent")


SCOPES = {"read": "documents.read", "write": "documents.write"}
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="repeats give the first run again"
)


class UploadView(ActorView):
    """Takes files from the caller's computer."""

    parser_classes = [MultiPartParser]
    scopes = SCOPES
    receiving: ReceivingHandler

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Before anything looks at the body: the CSRF check of a session reads forms, too.
        self.receiving = ReceivingHandler(request)
        request.upload_handlers = [self.receiving]
        try:
            return super().dispatch(request, *args, **kwargs)
        finally:
            self.receiving.discard()

    @extend_schema(
        operation_id="ingestion_upload",
        parameters=[IDEMPOTENCY_KEY],
        request={"multipart/form-data": UploadSerializer},
        responses={202: RunSerializer},
    )
    @rate_limited("FILE_UPLOAD")
    def post(self, request: Request) -> Response:
        """Store the files and queue them; each becomes a document, unless the collection has it."""
        form = UploadSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        files = [upload.incoming for upload in form.validated_data.pop("files")]
        run = services.start_upload(
            files,
            **form.validated_data,
            actor=self.actor,
            idempotency_key=request.headers.get("Idempotency-Key", ""),
        )
        return answer_with_run(run)


class PathsView(ActorView):
    """Takes files of the server."""

    scopes = SCOPES

    @extend_schema(
        operation_id="ingestion_paths", request=PathsSerializer, responses={202: RunSerializer}
    )
    @rate_limited("FILE_UPLOAD")
    def post(self, request: Request) -> Response:
        """Queue a file, or the files of a folder below an allowed one. Staff only."""
        form = PathsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        path = form.validated_data.pop("path")
        return answer_with_run(
            services.start_paths([path], **form.validated_data, actor=self.actor)
        )


class UrlsView(ActorView):
    """Takes pages and files of web servers."""

    scopes = SCOPES

    @extend_schema(
        operation_id="ingestion_urls", request=UrlsSerializer, responses={202: RunSerializer}
    )
    @rate_limited("FILE_UPLOAD")
    def post(self, request: Request) -> Response:
        """Queue a page and, up to `depth` links away, what it links to.

        The pages of a crawl appear among the run's items as they are found. What has not changed
        since it was read is skipped.
        """
        form = UrlsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        url = form.validated_data.pop("url")
        return answer_with_run(services.start_urls([url], **form.validated_data, actor=self.actor))


class IngestionRunViewSet(ActorView, ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """The caller's runs; every other one answers 404."""

    queryset = IngestionRun.objects.none()
    serializer_class = RunSerializer
    filterset_class = RunFilter
    scopes = SCOPES

    def get_queryset(self) -> IngestionRunQuerySet:
        return IngestionRun.objects.visible_to(self.actor).with_totals().newest_first()

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Remove a run from the list and skip what it has not read; documents stay."""
        services.delete_run(self.get_object(), actor=self.actor)
        return Response(status=204)

    @extend_schema(request=None, responses={202: RunSerializer})
    def cancel(self, request: Request, pk: Any = None) -> Response:
        """Skip what has not been read yet."""
        run = self.get_object()
        services.cancel_run(run, actor=self.actor)
        return answer_with_run(run)

    @extend_schema(request=None, responses={202: RunSerializer})
    def retry(self, request: Request, pk: Any = None) -> Response:
        """Try the failed items once more."""
        run = self.get_object()
        services.retry_run(run, actor=self.actor)
        return answer_with_run(run)


class ItemViewSet(ActorView, ListModelMixin, GenericViewSet):
    """The files of one run, in the order they were handed in."""

    queryset = IngestionItem.objects.none()
    serializer_class = ItemSerializer
    filterset_class = ItemFilter
    scopes = SCOPES

    def get_queryset(self) -> ItemQuerySet:
        items: ItemQuerySet = IngestionItem.objects.visible_to(self.actor)
        return items.filter(run=self.kwargs["run_id"]).in_order()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The items of a run."""
        services.visible_run(kwargs["run_id"], actor=self.actor)
        return super().list(request, *args, **kwargs)


def answer_with_run(run: IngestionRun) -> Response:
    """The answer to something that goes on in the background."""
    shown = IngestionRun.all_objects.with_totals().get(pk=run.pk)
    return Response(RunSerializer(shown).data, status=202)
