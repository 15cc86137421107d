"""What clients of OpenAI's newer protocol ask for, and what they read."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from chat.serializers import CitationShape
from chat.serializers_openai import (
    LONGEST_MODEL,
    MOST_MESSAGES,
    MOST_TOKENS,
    MOST_TOOLS,
    MetadataSerializer,
)
from chat.serializers_openai_fields import ANYTHING, LongestField, StorableField, read_text
from youworker.core.api.schema import example
from youworker.core.shapes import serializer_for

TEXT_OR_ITEMS = {
    "oneOf": [
        {"type": "string", "minLength": 1},
        {"type": "array", "minItems": 1, "maxItems": MOST_MESSAGES, "items": ANYTHING},
    ]
}


@extend_schema_field(TEXT_OR_ITEMS)
class InputField(serializers.Field[Any, Any, Any, Any]):
    """A question, or the items of a conversation; messages of it are validated as such later."""

    def to_internal_value(self, data: Any) -> str | list[Any]:
        if isinstance(data, str):
            return read_text(data)
        if not isinstance(data, list) or not data:
            raise serializers.ValidationError("This must be a text or a list of items.")
        if len(data) > MOST_MESSAGES:
            raise serializers.ValidationError(f"There are at most {MOST_MESSAGES} items.")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(ANYTHING)
class ObjectField(StorableField):
    """An object that can be passed on."""

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if not isinstance(value, dict):
            raise serializers.ValidationError("This must be an object.")
        return value


class NamedToolField(ObjectField):
    """A tool with its type; those that only OpenAI's own servers have are never called."""

    def to_internal_value(self, data: Any) -> Any:
        tool = super().to_internal_value(data)
        if not isinstance(tool.get("type"), str):
            raise serializers.ValidationError("A tool names its type.")
        return tool


@example(
    model="youworker",
    input="How many days of leave do I have?",
    stream=False,
)
class ResponseRequestSerializer(serializers.Serializer[Any]):
    """A question to the agent or to a model; what is not listed here is ignored."""

    model = serializers.CharField(max_length=LONGEST_MODEL)
    input = InputField()
    instructions = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, trim_whitespace=False
    )
    previous_response_id = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=100,
        help_text="An answer of the agent that is kept, to go on from.",
    )
    stream = serializers.BooleanField(required=False, default=False, allow_null=True)
    max_output_tokens = LongestField(
        required=False, allow_null=True, min_value=1, max_value=MOST_TOKENS
    )
    temperature = serializers.FloatField(required=False, allow_null=True, min_value=0, max_value=2)
    top_p = serializers.FloatField(required=False, allow_null=True, min_value=0, max_value=1)
    text = ObjectField(required=False, allow_null=True, help_text="`format` of the answer.")
    reasoning = ObjectField(required=False, allow_null=True, help_text="`effort` of the model.")
    tools = serializers.ListField(
        child=NamedToolField(),
        required=False,
        allow_null=True,
        max_length=MOST_TOOLS,
        help_text="Functions of the caller; others are never called.",
    )
    tool_choice = StorableField(required=False, allow_null=True)
    parallel_tool_calls = serializers.BooleanField(required=False, allow_null=True)
    metadata = MetadataSerializer(required=False, allow_null=True)
    store = serializers.BooleanField(
        required=False,
        allow_null=True,
        help_text="With false an answer of the agent is erased a minute after its end.",
    )
    background = serializers.BooleanField(required=False, allow_null=True, help_text="Only false.")
    conversation = serializers.JSONField(required=False, allow_null=True, help_text="Only null.")
    prompt = serializers.JSONField(required=False, allow_null=True, help_text="Only null.")

    def validate_background(self, value: bool | None) -> bool | None:  # noqa: FBT001 -- DRF's own
        """Answers are waited for or streamed."""
        if value:
            raise serializers.ValidationError("Answers are not made in the background here.")
        return value

    def validate_conversation(self, value: Any) -> None:
        """Conversations of OpenAI's are not here."""
        if value:
            raise serializers.ValidationError(
                "Name the response before in previous_response_id, or send everything in input."
            )

    def validate_prompt(self, value: Any) -> None:
        """Templates of OpenAI's are not here."""
        if value:
            raise serializers.ValidationError("Templates are not kept here: send instructions.")


class ResponseUsageSerializer(serializers.Serializer[Any]):
    """Tokens of an answer; how many were cached or thought is not counted."""

    input_tokens = serializers.IntegerField()
    input_tokens_details = serializers.JSONField()
    output_tokens = serializers.IntegerField()
    output_tokens_details = serializers.JSONField()
    total_tokens = serializers.IntegerField()


class ResponseAnswerSerializer(serializers.Serializer[Any]):
    """A whole answer: `output` has what was thought, said, and called of the caller's functions."""

    id = serializers.CharField()
    object = serializers.CharField(help_text='Always "response".')
    created_at = serializers.IntegerField()
    status = serializers.ChoiceField(["completed", "incomplete", "in_progress", "failed"])
    background = serializers.BooleanField()
    error = serializers.JSONField()
    incomplete_details = serializers.JSONField()
    model = serializers.CharField()
    output = serializers.ListField(child=ObjectField())
    usage = ResponseUsageSerializer(allow_null=True)
    instructions = serializers.CharField(allow_null=True)
    max_output_tokens = serializers.IntegerField(allow_null=True)
    metadata = serializers.JSONField()
    parallel_tool_calls = serializers.BooleanField()
    previous_response_id = serializers.CharField(allow_null=True)
    reasoning = serializers.JSONField()
    store = serializers.BooleanField()
    temperature = serializers.FloatField(allow_null=True)
    text = serializers.JSONField()
    tool_choice = serializers.JSONField()
    tools = serializers.ListField(child=ObjectField())
    top_p = serializers.FloatField(allow_null=True)
    truncation = serializers.CharField()
    citations = serializer_for(CitationShape)(many=True, required=False)
    session_id = serializers.UUIDField(required=False)
    run_id = serializers.UUIDField(required=False)
