"""What OpenAI's clients read: models, answers and vectors, for the schema."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from chat.serializers import CitationShape
from chat.serializers_openai import MadeCallSerializer
from youworker.core.shapes import serializer_for


class ModelSerializer(serializers.Serializer[Any]):
    """One thing that can be asked for."""

    id = serializers.CharField()
    object = serializers.CharField(help_text='Always "model".')
    created = serializers.IntegerField()
    owned_by = serializers.CharField()


class ModelListSerializer(serializers.Serializer[Any]):
    """Everything that can be asked for."""

    object = serializers.CharField(help_text='Always "list".')
    data = ModelSerializer(many=True)  # type: ignore[assignment]


class CompletionUsageSerializer(serializers.Serializer[Any]):
    """Tokens of an answer."""

    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    total_tokens = serializers.IntegerField()


class UrlCitationSerializer(serializers.Serializer[Any]):
    """Where a source can be read; `[n]` of the answer stands from `start_index` to `end_index`."""

    start_index = serializers.IntegerField()
    end_index = serializers.IntegerField()
    title = serializers.CharField()
    url = serializers.URLField()


class AnnotationSerializer(serializers.Serializer[Any]):
    """A source as OpenAI's clients know it."""

    type = serializers.ChoiceField(["url_citation"])
    url_citation = UrlCitationSerializer()


class AnswerMessageSerializer(serializers.Serializer[Any]):
    """What was answered; `citations` are the agent's, and `annotations` their addresses."""

    role = serializers.ChoiceField(["assistant"])
    content = serializers.CharField(allow_null=True, allow_blank=True)
    refusal = serializers.CharField(allow_null=True)
    reasoning_content = serializers.CharField(required=False)
    tool_calls = MadeCallSerializer(many=True, required=False)
    citations = serializer_for(CitationShape)(many=True, required=False)
    annotations = AnnotationSerializer(many=True, required=False)


class AnswerChoiceSerializer(serializers.Serializer[Any]):
    """The one answer there is."""

    index = serializers.IntegerField()
    message = AnswerMessageSerializer()
    logprobs = serializers.JSONField(help_text="Always null.")
    finish_reason = serializers.ChoiceField(["stop", "length", "tool_calls", "content_filter"])


class CompletionAnswerSerializer(serializers.Serializer[Any]):
    """A whole answer; with `stream` it comes in pieces of the same shape."""

    id = serializers.CharField()
    object = serializers.CharField(help_text='Always "chat.completion".')
    created = serializers.IntegerField()
    model = serializers.CharField()
    system_fingerprint = serializers.CharField(allow_null=True)
    choices = AnswerChoiceSerializer(many=True)
    usage = CompletionUsageSerializer()
    session_id = serializers.UUIDField(required=False)
    run_id = serializers.UUIDField(required=False)


@extend_schema_field(
    {"oneOf": [{"type": "array", "items": {"type": "number"}}, {"type": "string"}]}
)
class VectorField(serializers.Field[Any, Any, Any, Any]):
    """A vector as numbers, or as their bytes in base64."""


class EmbeddingSerializer(serializers.Serializer[Any]):
    """One vector."""

    object = serializers.CharField(help_text='Always "embedding".')
    index = serializers.IntegerField()
    embedding = VectorField()


class EmbeddingUsageSerializer(serializers.Serializer[Any]):
    """About how many tokens the texts are."""

    prompt_tokens = serializers.IntegerField()
    total_tokens = serializers.IntegerField()


class EmbeddingsAnswerSerializer(serializers.Serializer[Any]):
    """The vectors of texts, in their order."""

    object = serializers.CharField(help_text='Always "list".')
    data = EmbeddingSerializer(many=True)  # type: ignore[assignment]
    model = serializers.CharField()
    usage = EmbeddingUsageSerializer()
