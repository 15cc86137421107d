"""Figures for Prometheus: for whoever has the token, else for this machine only."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from django_prometheus.exports import ExportToDjangoView

from youworker import errors
from youworker.common.config import config
from youworker.common.peers import parsed

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def metrics(request: HttpRequest) -> HttpResponse:
    """The figures of this process; names of routes and counts are not for strangers."""
    if not may_read(request):
        return errors.permission_denied(request, PermissionError())
    answer: HttpResponse = ExportToDjangoView(request)
    return answer


def may_read(request: HttpRequest) -> bool:
    """Whether the caller has the token or, where there is none, calls from this machine."""
    token = config.security.metrics_token
    if token:
        shown = request.headers.get("Authorization", "")
        return hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())
    address = parsed(request.META.get("REMOTE_ADDR", ""))
    return address is not None and address.is_loopback
