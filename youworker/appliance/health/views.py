"""Health for load balancers (`live`, `ready`) and people (`detailed`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import JsonResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.authentication import IsStaff
from youworker.appliance.health import checks
from youworker.core.api.base import ActorView
from youworker.core.api.rate_limits import rate_limited

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request


def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """The process can do its work; 503 names the part that fails."""
    outcomes = checks.run_checks(checks.READY)
    failed = sorted(name for name, outcome in outcomes.items() if outcome["status"] != "ok")
    if failed:
        return JsonResponse({"status": "failed", "failed": failed}, status=503)
    return JsonResponse({"status": "ok"})


class DetailedView(ActorView):
    """Every component with its latency and the figures of the connection pool; staff only."""

    permission_classes = [IsStaff]
    scopes = {"read": "admin"}

    @extend_schema(operation_id="health_detailed", responses=OpenApiTypes.OBJECT)
    @rate_limited("MODERATE")
    def get(self, request: Request) -> Response:
        """Run all checks now."""
        return Response(checks.run_checks(checks.READY | checks.DETAILED))
