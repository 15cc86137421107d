"""Health for load balancers (`live`, `ready`) and people (`detailed`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import JsonResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.authentication import IsStaff
from youworker.appliance.health.examination import examine_parts, examine_readiness
from youworker.core.api.base import ActorView
from youworker.core.api.rate_limits import rate_limited

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request


def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """The process can do its work; 503 names the part that fails, or does not answer in time."""
    outcomes = examine_readiness()
    failed = sorted(name for name, outcome in outcomes.items() if outcome["status"] == "failed")
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
        """Look at every part now.

        `status` is `ok`, `failed`, or `unknown` for a part that is looked at through one that
        fails (`waits_for`). `warning` says that an `ok` part needs somebody, `detail` why, and
        `remedy` what helps, in the language of the request.
        """
        return Response(examine_parts())
