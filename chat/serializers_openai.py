"""What OpenAI's clients ask for."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any
from uuid import UUID

from rest_framework import serializers

from chat.serializers_openai_fields import (
    ArgumentsField,
    ContentField,
    LogitBiasField,
    LongestField,
    StopField,
    StorableField,
    TextsField,
)
from youworker.core.api.schema import example

LONGEST_MODEL = 300
MOST_MESSAGES = 2000
MOST_TOOLS = 128
MOST_TOKENS = 10_000_000
TOOL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
ROLES = ("system", "developer", "user", "assistant", "tool")


class FunctionCallSerializer(serializers.Serializer[Any]):
    """Which function was called, and with what."""

    name = serializers.CharField(max_length=200)
    arguments = ArgumentsField(
        required=False, default="", allow_null=True, allow_blank=True, trim_whitespace=False
    )


class MadeCallSerializer(serializers.Serializer[Any]):
    """A call of one of the caller's own tools."""

    id = serializers.CharField(max_length=200)
    type = serializers.CharField(required=False, default="function")
    function = FunctionCallSerializer()


class SpokenSerializer(serializers.Serializer[Any]):
    """One message of the conversation, as the caller tells it."""

    role = serializers.ChoiceField(ROLES)
    content = ContentField(required=False, allow_null=True, default=None)
    name = serializers.CharField(required=False, max_length=200, allow_null=True, allow_blank=True)
    tool_calls = serializers.ListField(
        child=MadeCallSerializer(), required=False, allow_null=True, max_length=MOST_TOOLS
    )
    tool_call_id = serializers.CharField(
        required=False, max_length=200, allow_null=True, allow_blank=True
    )
    prefix = serializers.BooleanField(
        required=False, allow_null=True, help_text="A message of the assistant to be gone on with."
    )


class FunctionSerializer(serializers.Serializer[Any]):
    """A function of the caller's that the model may call."""

    name = serializers.RegexField(re.compile(rf"^(?:{TOOL_NAME.pattern})\Z"))
    description = serializers.CharField(required=False, allow_blank=True, allow_null=True)
    parameters = StorableField(required=False, allow_null=True)
    strict = serializers.BooleanField(required=False, allow_null=True)

    def validate_parameters(self, value: Any) -> Any:
        """A schema is an object."""
        if value is not None and not isinstance(value, dict):
            raise serializers.ValidationError("This must be a JSON schema.")
        return value


class OwnToolSerializer(serializers.Serializer[Any]):
    """A tool of the caller's, who makes its calls."""

    type = serializers.ChoiceField(["function"])
    function = FunctionSerializer()


class StreamOptionsSerializer(serializers.Serializer[Any]):
    """What a stream tells besides the answer."""

    include_usage = serializers.BooleanField(required=False, default=False, allow_null=True)


class KnownIdField(serializers.UUIDField):
    """An id of ours; names of others, which programs have for their own things, are none."""

    def to_internal_value(self, data: Any) -> Any:
        with suppress(serializers.ValidationError):
            # Django's field takes numbers for ids as well; what was validated once is one.
            return super().to_internal_value(data) if isinstance(data, (str, UUID)) else None
        return None


class MetadataSerializer(serializers.Serializer[Any]):
    """`session_id`: the conversation that keeps an answer of the agent, by its UUID.

    `task`: what a program asks for itself: `title_generation`, `tags_generation`,
    `follow_up_generation`, `query_generation`, `autocomplete_generation`, `emoji_generation`,
    `image_prompt_generation` or `function_calling`. The agent's model answers that without
    documents or tools, and nothing is kept. Other words are the caller's own.
    """

    session_id = KnownIdField(required=False, allow_null=True)
    task = serializers.JSONField(required=False, allow_null=True)


@example(
    model="youworker",
    messages=[{"role": "user", "content": "How many days of leave do I have?"}],
    stream=False,
)
class CompletionSerializer(serializers.Serializer[Any]):
    """A question to the agent or to a model; what is not listed here is ignored."""

    model = serializers.CharField(max_length=LONGEST_MODEL)
    messages = serializers.ListField(
        child=SpokenSerializer(), min_length=1, max_length=MOST_MESSAGES
    )
    stream = serializers.BooleanField(required=False, default=False, allow_null=True)
    stream_options = StreamOptionsSerializer(required=False, allow_null=True)
    n = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=1, help_text="Only 1."
    )
    max_tokens = LongestField(required=False, allow_null=True, min_value=1, max_value=MOST_TOKENS)
    max_completion_tokens = LongestField(
        required=False, allow_null=True, min_value=1, max_value=MOST_TOKENS
    )
    temperature = serializers.FloatField(required=False, allow_null=True, min_value=0, max_value=2)
    top_p = serializers.FloatField(required=False, allow_null=True, min_value=0, max_value=1)
    presence_penalty = serializers.FloatField(
        required=False, allow_null=True, min_value=-2, max_value=2
    )
    frequency_penalty = serializers.FloatField(
        required=False, allow_null=True, min_value=-2, max_value=2
    )
    seed = serializers.IntegerField(
        required=False, allow_null=True, min_value=-(2**63), max_value=2**63 - 1
    )
    stop = StopField(required=False, allow_null=True)
    logit_bias = LogitBiasField(required=False, allow_null=True)
    response_format = StorableField(required=False, allow_null=True)
    reasoning_effort = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, max_length=20
    )
    tools = serializers.ListField(
        child=OwnToolSerializer(), required=False, allow_null=True, max_length=MOST_TOOLS
    )
    tool_choice = StorableField(required=False, allow_null=True)
    parallel_tool_calls = serializers.BooleanField(required=False, allow_null=True)
    continue_final_message = serializers.BooleanField(required=False, allow_null=True)
    add_generation_prompt = serializers.BooleanField(required=False, allow_null=True)
    logprobs = serializers.BooleanField(required=False, allow_null=True, help_text="Only false.")
    metadata = MetadataSerializer(required=False, allow_null=True)
    store = serializers.BooleanField(
        required=False,
        allow_null=True,
        help_text="With false an answer of the agent is erased a minute after its end.",
    )

    def validate_logprobs(self, value: bool | None) -> bool | None:  # noqa: FBT001 -- DRF's own
        """Probabilities are not told."""
        if value:
            raise serializers.ValidationError("Log probabilities are not told here.")
        return value

    def validate_response_format(self, value: Any) -> Any:
        """A format is an object that names its type."""
        if value is not None and not (
            isinstance(value, dict) and isinstance(value.get("type"), str)
        ):
            raise serializers.ValidationError("This must be an object with a type.")
        return value

    def validate_tool_choice(self, value: Any) -> Any:
        """A choice is a word, or names a function."""
        if value is not None and not isinstance(value, (str, dict)):
            raise serializers.ValidationError("This must be a word or an object.")
        return value


@example(model="multilingual-e5-small-int8", input=["query: How many days of leave?"])
class EmbeddingsSerializer(serializers.Serializer[Any]):
    """Texts whose vectors are wanted."""

    model = serializers.CharField(max_length=LONGEST_MODEL)
    input = TextsField()
    encoding_format = serializers.ChoiceField(
        ["float", "base64"], required=False, default="float", allow_null=True
    )
    dimensions = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=4000
    )


def session_in(header: str | None, form: dict[str, Any]) -> UUID | None:
    """The session that a request names, by header or metadata.

    Programs like OpenCode, and traces, have names of their own there, which mean nothing here.
    """
    with suppress(ValueError):
        if header:
            return UUID(header)
    found: UUID | None = (form.get("metadata") or {}).get("session_id")
    return found
