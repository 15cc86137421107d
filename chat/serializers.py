"""Conversations as clients read and write them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.enums import Language
from chat.approvals import DECISIONS
from chat.enums import RunStatus, ToolRunStatus
from chat.models import Session
from chat.services.questions import LONGEST_TEXT
from youworker.common.openapi import example

MOST_COLLECTIONS = 100


class SessionSerializer(serializers.ModelSerializer[Session]):
    """A conversation."""

    title = serializers.CharField(read_only=True)
    archived = serializers.SerializerMethodField()
    collections = serializers.SerializerMethodField()

    class Meta:
        model = Session
        fields = (
            "id",
            "title",
            "model",
            "enable_tools",
            "enable_web",
            "language",
            "collections",
            "archived",
            "created_at",
            "updated_at",
            "active_at",
        )
        read_only_fields = fields

    def get_archived(self, session: Session) -> bool:
        """Whether it was put away."""
        return session.archived_at is not None

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_collections(self, session: Session) -> list[Any]:
        """The collections its searches are limited to; none = everything visible."""
        return [collection.pk for collection in session.collections.all()]


@example(title="Replication", enable_tools=True)
class CreateSessionSerializer(serializers.Serializer[Any]):
    """A new conversation."""

    title = serializers.CharField(max_length=300, required=False, allow_blank=True)
    model = serializers.CharField(max_length=200, required=False, allow_blank=True)
    enable_tools = serializers.BooleanField(required=False, default=True)
    enable_web = serializers.BooleanField(required=False, default=True)
    language = serializers.ChoiceField(Language.choices, required=False, allow_blank=True)
    collections = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=MOST_COLLECTIONS
    )


class UpdateSessionSerializer(serializers.Serializer[Any]):
    """What may be changed about a conversation."""

    title = serializers.CharField(max_length=300, required=False, allow_blank=True)
    model = serializers.CharField(max_length=200, required=False, allow_blank=True)
    enable_tools = serializers.BooleanField(required=False)
    enable_web = serializers.BooleanField(required=False)
    language = serializers.ChoiceField(Language.choices, required=False, allow_blank=True)
    archived = serializers.BooleanField(required=False)
    collections = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=MOST_COLLECTIONS
    )


class CitationSerializer(serializers.Serializer[Any]):
    """One `[n]` of an answer."""

    index = serializers.IntegerField()
    document_id = serializers.UUIDField(allow_null=True)
    title = serializers.CharField()
    chunk_id = serializers.UUIDField(allow_null=True)
    page = serializers.IntegerField(allow_null=True)
    heading = serializers.CharField()
    quote = serializers.CharField()
    supported = serializers.BooleanField()


class ToolRunSerializer(serializers.Serializer[Any]):
    """One call of a tool."""

    id = serializers.UUIDField()
    tool = serializers.CharField()
    status = serializers.ChoiceField(ToolRunStatus.choices)
    args = serializers.JSONField()
    latency_ms = serializers.IntegerField(allow_null=True)
    result_preview = serializers.CharField()
    error = serializers.CharField()
    session_id = serializers.UUIDField(allow_null=True)
    run_id = serializers.UUIDField(allow_null=True)
    message_id = serializers.UUIDField(allow_null=True)
    created_at = serializers.DateTimeField()


@example(decision="allow")
class DecideCallSerializer(serializers.Serializer[Any]):
    """What the user says to a tool call that waits."""

    decision = serializers.ChoiceField(DECISIONS)


@example(rating=1, comment="Just what I needed.")
class FeedbackSerializer(serializers.Serializer[Any]):
    """What the user thinks of an answer."""

    rating = serializers.ChoiceField([-1, 0, 1])
    comment = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")


class MessageSerializer(serializers.Serializer[Any]):
    """Something that was said."""

    id = serializers.UUIDField()
    role = serializers.ChoiceField(["user", "assistant"])
    content = serializers.CharField()
    model = serializers.CharField()
    created_at = serializers.DateTimeField()
    parent_id = serializers.UUIDField(allow_null=True)
    run_id = serializers.UUIDField(allow_null=True)
    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()
    citations = CitationSerializer(many=True)
    tool_runs = ToolRunSerializer(many=True)
    feedback = FeedbackSerializer(allow_null=True)


class AudioSerializer(serializers.Serializer[Any]):
    """A spoken question."""

    data = serializers.CharField()  # type: ignore[assignment]
    format = serializers.CharField(max_length=20)
    sample_rate = serializers.IntegerField(required=False)


@example(text="How does a standby follow the primary?")
class PostMessageSerializer(serializers.Serializer[Any]):
    """A question."""

    text = serializers.CharField(max_length=LONGEST_TEXT, required=False, trim_whitespace=False)
    audio = AudioSerializer(required=False)
    model = serializers.CharField(max_length=200, required=False, allow_blank=True)
    parent_id = serializers.UUIDField(required=False, allow_null=True)
    expect_audio = serializers.BooleanField(required=False, default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Speech needs a speech service, which this installation does not have."""
        if attrs.pop("audio", None) or attrs.pop("expect_audio", False):
            raise serializers.ValidationError(
                {"audio": "This installation has no speech service: send text."}
            )
        if "text" not in attrs:
            raise serializers.ValidationError({"text": "This field is required."}, "required")
        if not attrs["text"].strip():
            raise serializers.ValidationError({"text": "This may not be blank."}, "blank")
        return attrs


@example(text="How does a standby follow the primary?", stream=False)
class ChatSerializer(PostMessageSerializer):
    """A question in one call."""

    parent_id = None  # type: ignore[assignment]
    session_id = serializers.UUIDField(required=False, allow_null=True)
    stream = serializers.BooleanField(required=False, default=False)
    enable_tools = serializers.BooleanField(required=False)
    enable_web = serializers.BooleanField(required=False)
    collections = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=MOST_COLLECTIONS
    )


class RegenerateSerializer(serializers.Serializer[Any]):
    """How the other answer is made."""

    model = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class ErrorOfRunSerializer(serializers.Serializer[Any]):
    """Why a run failed."""

    code = serializers.CharField()
    detail = serializers.CharField()


class RunSerializer(serializers.Serializer[Any]):
    """An answer in the making, or made."""

    id = serializers.UUIDField()
    session_id = serializers.UUIDField()
    status = serializers.ChoiceField(RunStatus.choices)
    model = serializers.CharField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    iterations = serializers.IntegerField()
    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()
    ttft_ms = serializers.IntegerField(allow_null=True)
    error = ErrorOfRunSerializer(allow_null=True)
    message_id = serializers.UUIDField(allow_null=True)


class IdSerializer(serializers.Serializer[Any]):
    """A reference."""

    id = serializers.UUIDField()


class RunStateSerializer(IdSerializer):
    """A run and where it stands."""

    status = serializers.ChoiceField(RunStatus.choices)


class PostedSerializer(serializers.Serializer[Any]):
    """An accepted question, and the run that answers it."""

    message = IdSerializer()
    run = RunStateSerializer()


class UsageSerializer(serializers.Serializer[Any]):
    """Tokens."""

    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()


class ChatAnswerSerializer(serializers.Serializer[Any]):
    """The whole answer of a one-call chat."""

    session_id = serializers.UUIDField()
    run_id = serializers.UUIDField()
    message = MessageSerializer()
    usage = UsageSerializer()
    tool_runs = ToolRunSerializer(many=True)
