"""What the caller did, what was done to them, and who read what is theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditlog.models import LogEntry
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView

from accounts.models import ApiKey, PrivateAccess
from accounts.serializers import (
    AuditFilterSerializer,
    AuditLineSerializer,
    PrivateReadSerializer,
)
from youworker.audit import lines_about
from youworker.core.api.base import ActorView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.response import Response

    from accounts.managers import PrivateAccessQuerySet
    from accounts.models import User


class AuditView(ActorView, ListAPIView):
    """The caller's own lines of the audit log, newest first."""

    queryset = LogEntry.objects.none()
    serializer_class = AuditLineSerializer
    filter_backends = []
    scopes = {"read": "account"}

    def get_queryset(self) -> QuerySet[LogEntry]:
        form = AuditFilterSerializer(data=self.request.query_params)
        form.is_valid(raise_exception=True)
        lines = lines_about(self.actor)
        wanted = form.validated_data.get("action")
        return lines.filter(act=wanted) if wanted else lines

    @extend_schema(operation_id="account_audit", parameters=[AuditFilterSerializer])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List what the caller did and what was done to them."""
        page = self.paginate_queryset(self.get_queryset()) or []
        lines = AuditLineSerializer(serialize_lines(page, self.actor), many=True).data
        return self.get_paginated_response(lines)


class PrivateReadsView(ActorView, ListAPIView):
    """When staff opened conversations or documents of the caller's, and why."""

    queryset = PrivateAccess.objects.none()
    serializer_class = PrivateReadSerializer
    scopes = {"read": "account"}

    def get_queryset(self) -> PrivateAccessQuerySet:
        return PrivateAccess.objects.visible_to(self.actor).select_related("reader").newest_first()


def serialize_lines(page: Iterable[Any], user: User) -> list[dict[str, Any]]:
    """Lines as their subject reads them, with the names of their own keys."""
    rows = list(page)
    ids = {row.key for row in rows if row.key}
    names = {
        str(pk): name
        for pk, name in ApiKey.objects.visible_to(user).filter(pk__in=ids).values_list("pk", "name")
    }
    return [serialize_line(row, user, names) for row in rows]


def serialize_line(row: Any, user: User, names: dict[str, str]) -> dict[str, Any]:
    """One line; of what others did, neither address nor key are told."""
    known = {None: "system", str(user.pk): "me"}
    by = known.get(row.by, "other")
    hidden = by == "other"
    key = {"id": row.key, "name": names.get(row.key, "")} if row.key and not hidden else None
    return {
        "id": row.pk,
        "time": row.timestamp,
        "action": row.act or "",
        "result": row.outcome or "ok",
        "by": by,
        "target": row.object_repr,
        "target_id": row.object_pk,
        "address": None if hidden else row.remote_addr,
        "key": key,
        "correlation_id": None if hidden else row.cid,
    }
