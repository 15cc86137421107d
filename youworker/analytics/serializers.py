"""What is asked of the analytics, and what they answer, for the OpenAPI document."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext as _
from rest_framework import serializers

from youworker.analytics.periods import MOST_DAYS, Interval

SCOPES = ("own", "all")


class PeriodSerializer(serializers.Serializer[Any]):
    """How far back, in what pieces, in whose time zone (the caller's), and whose use."""

    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS, default=30)
    interval = serializers.ChoiceField([each.value for each in Interval], default="day")
    tz = serializers.CharField(required=False, max_length=64)
    scope = serializers.ChoiceField(SCOPES, default="own")

    def validate_tz(self, value: str) -> ZoneInfo:
        """The zone of this name."""
        if value not in available_timezones():
            raise serializers.ValidationError(_("There is no such time zone."))
        return ZoneInfo(value)


class ToolPeriodSerializer(PeriodSerializer):
    """The same, of one tool if it is named."""

    tool = serializers.CharField(required=False, max_length=300)


class AnswerSerializer(serializers.Serializer[Any]):
    """What every view tells of the period it is about."""

    begins = serializers.DateTimeField()
    ends = serializers.DateTimeField()
    interval = serializers.ChoiceField([each.value for each in Interval])
    tz = serializers.CharField()
    scope = serializers.ChoiceField(SCOPES)


class UseTotalsSerializer(serializers.Serializer[Any]):
    """Sums over a period; `active_users` are those who asked something."""

    runs = serializers.IntegerField()
    failed_runs = serializers.IntegerField()
    stopped_runs = serializers.IntegerField()
    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()
    sessions = serializers.IntegerField()
    searches = serializers.IntegerField()
    tool_calls = serializers.IntegerField()
    failed_tool_calls = serializers.IntegerField()
    files = serializers.IntegerField()
    failed_files = serializers.IntegerField()
    bytes = serializers.IntegerField()
    active_users = serializers.IntegerField()


class OverviewSerializer(AnswerSerializer):
    """Totals, and those of as many days before."""

    totals = UseTotalsSerializer()
    previous = UseTotalsSerializer()


class DurationsSerializer(serializers.Serializer[Any]):
    """How long something took, in milliseconds; null where nothing did."""

    mean_ms = serializers.IntegerField(allow_null=True)
    p50_ms = serializers.IntegerField(allow_null=True)
    p95_ms = serializers.IntegerField(allow_null=True)
    longest_ms = serializers.IntegerField(allow_null=True)


class AnswersSerializer(serializers.Serializer[Any]):
    """Answers that ended, and their tokens."""

    runs = serializers.IntegerField()
    failed = serializers.IntegerField()
    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()


class TokensPieceSerializer(AnswersSerializer):
    """Answers that ended in one piece of the period."""

    at = serializers.DateTimeField()


class ModelUseSerializer(AnswersSerializer, DurationsSerializer):
    """Answers of one model; without a name: those that no model had a part in."""

    name = serializers.CharField(allow_blank=True)


class TokensTimelineSerializer(AnswerSerializer):
    """Tokens over time and by model."""

    timeline = TokensPieceSerializer(many=True)
    models = ModelUseSerializer(many=True)


class CallsSerializer(serializers.Serializer[Any]):
    """Calls of tools that ended."""

    calls = serializers.IntegerField()
    failed = serializers.IntegerField()


class ToolUseSerializer(CallsSerializer, DurationsSerializer):
    """Calls of one tool."""

    name = serializers.CharField(allow_blank=True)


class ToolPerformanceSerializer(AnswerSerializer):
    """Calls by tool, the most used first."""

    tools = ToolUseSerializer(many=True)


class ToolPieceSerializer(CallsSerializer):
    """Calls that ended in one piece of the period."""

    at = serializers.DateTimeField()
    mean_ms = serializers.IntegerField(allow_null=True)


class ToolTimelineSerializer(AnswerSerializer):
    """Calls over time."""

    timeline = ToolPieceSerializer(many=True)


class FilesSerializer(serializers.Serializer[Any]):
    """Files that were read, or could not be."""

    files = serializers.IntegerField()
    failed = serializers.IntegerField()
    bytes = serializers.IntegerField()


class FilesPieceSerializer(FilesSerializer):
    """Files that were read in one piece of the period, or could not be."""

    at = serializers.DateTimeField()


class TypeUseSerializer(FilesSerializer, DurationsSerializer):
    """Files of one type; without a name: those of which none was found out."""

    name = serializers.CharField(allow_blank=True)


class IngestionStatsSerializer(AnswerSerializer):
    """Files over time and by type."""

    timeline = FilesPieceSerializer(many=True)
    types = TypeUseSerializer(many=True)


class ActivityPieceSerializer(serializers.Serializer[Any]):
    """What people did in one piece of the period."""

    at = serializers.DateTimeField()
    sessions = serializers.IntegerField()
    runs = serializers.IntegerField()
    searches = serializers.IntegerField()
    active_users = serializers.IntegerField()


class SessionActivitySerializer(AnswerSerializer):
    """Conversations, questions and searches over time."""

    timeline = ActivityPieceSerializer(many=True)


class DaysSerializer(serializers.Serializer[Any]):
    """How far back, in whose time zone (the caller's)."""

    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS, default=30)
    tz = serializers.CharField(required=False, max_length=64)

    validate_tz = PeriodSerializer.validate_tz


class UnansweredSerializer(serializers.Serializer[Any]):
    """Answers of one collection that searched, and how many of them quote nothing.

    Without a collection: of conversations that are limited to none.
    """

    collection_id = serializers.UUIDField(allow_null=True)
    searched = serializers.IntegerField()
    unanswered = serializers.IntegerField()
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()


class UnansweredQuestionsSerializer(serializers.Serializer[Any]):
    """Questions that the documents did not answer, by collection; those with most first."""

    begins = serializers.DateTimeField()
    ends = serializers.DateTimeField()
    tz = serializers.CharField()
    collections = UnansweredSerializer(many=True)
