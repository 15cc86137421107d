"""Exports, erasure and clearing of the caller's own data over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import DataExport
from accounts.services import require_recent_sign_in
from chat.services import clear_history
from documents.content import original
from documents.views.documents import AnyType
from youworker.core.api.base import ActorView
from youworker.core.api.formats import OrjsonRenderer
from youworker.core.api.rate_limits import rate_limited
from youworker.data_protection.erasures import request_erasure
from youworker.data_protection.exports import open_export, request_export
from youworker.data_protection.serializers import (
    ClearedSerializer,
    EraseSerializer,
    ErasureSerializer,
    ExportProofSerializer,
    ExportSerializer,
)

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponseBase
    from rest_framework.request import Request

    from accounts.managers import ExportQuerySet
    from accounts.models import ApiKey, User


@dataclass(frozen=True, slots=True)
class Offered:
    """A finished export, as a file to be sent."""

    sha256: str
    uri: str
    updated_at: datetime
    mime: str = "application/zip"
    title: str = "export"


class ExportViewSet(ActorView, ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Copies of everything about the caller; with an API key, asking for one needs the password."""

    queryset = DataExport.objects.none()
    serializer_class = ExportSerializer
    scopes = {"read": "account", "write": "account"}

    def get_queryset(self) -> ExportQuerySet:
        return DataExport.objects.visible_to(self.actor).newest_first()

    @extend_schema(request=ExportProofSerializer, responses={202: ExportSerializer})
    @rate_limited("EXPENSIVE_HOURLY")
    def create(self, request: Request) -> Response:
        """Ask for a copy; one that is being made already is the answer to a second wish."""
        form = ExportProofSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        require_recent_sign_in(request, **form.validated_data)
        export = request_export(self.actor, actor=self.actor)
        return Response(self.get_serializer(export).data, status=202)

    @extend_schema(responses={(200, "*/*"): OpenApiTypes.BINARY})
    @action(detail=True, renderer_classes=[OrjsonRenderer, AnyType])
    def download(self, request: Request, pk: Any = None) -> HttpResponseBase:
        """Fetch the zip; byte ranges are answered."""
        export = self.get_object()
        return send_export(request._request, export, with_key=self.shown_key, actor=self.actor)


def send_export(
    request: HttpRequest, export: DataExport, *, with_key: ApiKey | None = None, actor: User
) -> HttpResponseBase:
    """The file of a finished copy; raises `NotFound`, and `InsufficientScope` for a lesser key."""
    content = open_export(export, with_key=with_key, actor=actor)
    name = f"youworker-{actor.username}-{export.created_at:%Y-%m-%d}.zip"
    return original(request, Offered(export.pk.hex, name, export.updated_at), content)


class AccountView(ActorView):
    """The caller's account as a whole; with an API key, its end needs the password."""

    scopes = {"write": "account"}

    @extend_schema(
        operation_id="account_erase", request=EraseSerializer, responses={202: ErasureSerializer}
    )
    @rate_limited("EXPENSIVE_HOURLY")
    def delete(self, request: Request) -> Response:
        """Close the account at once, and erase everything of it within minutes."""
        form = EraseSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        require_recent_sign_in(request, password=form.validated_data["password"])
        chosen = form.validated_data["shared_documents"]
        erasure = request_erasure(self.actor, shared_documents=chosen, actor=self.actor)
        return Response(ErasureSerializer(erasure).data, status=202)


class HistoryView(ActorView):
    """All of the caller's conversations."""

    scopes = {"write": "account"}

    @extend_schema(operation_id="history_clear", request=None, responses={200: ClearedSerializer})
    @rate_limited("STRICT")
    def delete(self, request: Request) -> Response:
        """Remove them for good, deleted ones included; they cannot be restored."""
        return Response(ClearedSerializer(clear_history(self.actor, actor=self.actor)).data)
