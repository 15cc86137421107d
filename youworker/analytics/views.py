"""`GET /v1/analytics/…`: what was done, by the caller or, for staff, by everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.authentication import IsStaff, SignedInWithScope
from youworker.analytics import services
from youworker.analytics.periods import period_of
from youworker.analytics.serializers import (
    DaysSerializer,
    IngestionStatsSerializer,
    OverviewSerializer,
    PeriodSerializer,
    SessionActivitySerializer,
    TokensTimelineSerializer,
    ToolPerformanceSerializer,
    ToolPeriodSerializer,
    ToolTimelineSerializer,
    UnansweredQuestionsSerializer,
)
from youworker.analytics.unanswered import unanswered_questions
from youworker.core.api.base import ActorView
from youworker.core.api.rate_limits import rate_limited
from youworker.core.zones import zone_or_utc

if TYPE_CHECKING:
    from collections.abc import Callable

    from rest_framework.permissions import BasePermission
    from rest_framework.request import Request


class AnalyticsView(ActorView):
    """One of the six views; everybody's use is for staff, and for keys of theirs with `admin`."""

    sums: ClassVar[Callable[..., dict[str, Any]]]
    asked: ClassVar[type[PeriodSerializer]] = PeriodSerializer

    scopes = {"read": "account"}

    def get_permissions(self) -> list[BasePermission]:
        """Staff for everybody's use."""
        if self.request.query_params.get("scope") != "all":
            return [SignedInWithScope()]
        self.scopes = {"read": "admin"}
        return [IsStaff()]

    def answer(self, request: Request) -> Response:
        """The sums, and the period they are about."""
        form = self.asked(data=request.query_params)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        zone = asked.pop("tz", None) or zone_or_utc(self.actor.time_zone)
        scope, interval = asked.pop("scope"), asked.pop("interval")
        period = period_of(zone, days=asked.pop("days"), interval=interval)
        of = None if scope == "all" else self.actor.pk
        about = {
            "begins": period.begins,
            "ends": period.ends,
            "interval": interval,
            "tz": zone.key,
            "scope": scope,
        }
        return Response({**about, **type(self).sums(period, of=of, **asked)})


class OverviewView(AnalyticsView):
    """Totals."""

    sums = staticmethod(services.overview)

    @extend_schema(
        operation_id="analytics_overview",
        parameters=[PeriodSerializer],
        responses=OverviewSerializer,
    )
    @rate_limited("RELAXED")
    def get(self, request: Request) -> Response:
        """Totals of the last days, and of as many before."""
        return self.answer(request)


class TokensTimelineView(AnalyticsView):
    """Tokens over time."""

    sums = staticmethod(services.tokens_timeline)

    @extend_schema(
        operation_id="analytics_tokens_timeline",
        parameters=[PeriodSerializer],
        responses=TokensTimelineSerializer,
    )
    @rate_limited("RELAXED")
    def get(self, request: Request) -> Response:
        """Tokens and answers over time, and by model."""
        return self.answer(request)


class ToolPerformanceView(AnalyticsView):
    """Tools compared."""

    sums = staticmethod(services.tool_performance)

    @extend_schema(
        operation_id="analytics_tool_performance",
        parameters=[PeriodSerializer],
        responses=ToolPerformanceSerializer,
    )
    @rate_limited("RELAXED")
    def get(self, request: Request) -> Response:
        """Calls, failures and durations by tool."""
        return self.answer(request)


class ToolTimelineView(AnalyticsView):
    """Calls of tools over time."""

    sums = staticmethod(services.tool_timeline)
    asked = ToolPeriodSerializer

    @extend_schema(
        operation_id="analytics_tool_timeline",
        parameters=[ToolPeriodSerializer],
        responses=ToolTimelineSerializer,
    )
    @rate_limited("RELAXED")
    def get(self, request: Request) -> Response:
        """Calls of all tools, or of one, over time."""
        return self.answer(request)


class IngestionStatsView(AnalyticsView):
    """Files that were read."""

    sums = staticmethod(services.ingestion_stats)

    @extend_schema(
        operation_id="analytics_ingestion_stats",
        parameters=[PeriodSerializer],
        responses=IngestionStatsSerializer,
    )
    @rate_limited("RELAXED")
    def get(self, request: Request) -> Response:
        """Files, failures and bytes over time, and by type."""
        return self.answer(request)


class SessionActivityView(AnalyticsView):
    """What people did."""

    sums = staticmethod(services.session_activity)

    @extend_schema(
        operation_id="analytics_session_activity",
        parameters=[PeriodSerializer],
        responses=SessionActivitySerializer,
    )
    @rate_limited("RELAXED")
    def get(self, request: Request) -> Response:
        """Conversations, questions and searches over time."""
        return self.answer(request)


class UnansweredQuestionsView(ActorView):
    """Where the documents say nothing; for staff, and for keys of theirs with `admin`."""

    permission_classes = [IsStaff]
    scopes = {"read": "admin"}

    @extend_schema(
        operation_id="analytics_unanswered_questions",
        parameters=[DaysSerializer],
        responses=UnansweredQuestionsSerializer,
    )
    @rate_limited("RELAXED")
    def get(self, request: Request) -> Response:
        """Questions that the documents did not answer: counts and dates by collection."""
        form = DaysSerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        zone = form.validated_data.get("tz") or zone_or_utc(self.actor.time_zone)
        period = period_of(zone, days=form.validated_data["days"])
        about = {"begins": period.begins, "ends": period.ends, "tz": zone.key}
        return Response({**about, **unanswered_questions(period)})
