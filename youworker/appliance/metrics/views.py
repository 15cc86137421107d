"""The figures for Prometheus, for whoever has the token or calls from this machine."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST

from youworker.appliance.metrics.scrape import write_figures
from youworker.core.api import error_views
from youworker.core.config import config
from youworker.core.network import PASSED_ON, parsed

if TYPE_CHECKING:
    from django.http import HttpRequest


def metrics(request: HttpRequest) -> HttpResponse:
    """The figures; strangers learn neither names and counts nor that there are any."""
    if not may_read(request):
        return error_views.page_not_found(request, Http404())
    answer = HttpResponse(write_figures(), content_type=CONTENT_TYPE_LATEST)
    answer["Cache-Control"] = "no-store"
    return answer


def may_read(request: HttpRequest) -> bool:
    """Whether the caller has the token or, where there is none, calls from this machine.

    Needs no database: the figures are wanted most when that is away.
    """
    token = config.security.metrics_token
    if token:
        shown = request.headers.get("Authorization", "")
        return hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())
    # Who comes through a proxy of this machine that nobody declared comes from anywhere.
    if getattr(request, "scope", {}).get(PASSED_ON):
        return False
    address = parsed(request.META.get("REMOTE_ADDR", ""))
    return address is not None and address.is_loopback
