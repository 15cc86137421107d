"""What OpenAI's clients send, and what they read, for the schema."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import orjson
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from chat.serializers import CitationShape
from youworker.core.api.schema import example
from youworker.core.shapes import serializer_for
from youworker.core.storable import storable_json, storable_text

LONGEST_MODEL = 300
MOST_MESSAGES = 2000
MOST_PARTS = 100
MOST_TOOLS = 128
MOST_STOPS = 16
MOST_BIASES = 1024
TOKEN = re.compile(r"[0-9]{1,8}", re.ASCII)
MOST_TEXTS = 2048
MOST_TOKENS = 10_000_000
TOOL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
ROLES = ("system", "developer", "user", "assistant", "tool")
DETAILS = ("auto", "low", "high")
TEXTS = ("text", "input_text", "output_text")
# How LibreChat, LangChain and Anthropic's clients call reasoning in what they send back.
THOUGHTS = ("think", "thinking", "redacted_thinking", "reasoning", "reasoning_content")
ANYTHING: dict[str, Any] = {"type": "object", "additionalProperties": {}}
TEXT_OR_PARTS = {
    "oneOf": [
        {"type": "string"},
        {"type": "array", "maxItems": MOST_PARTS, "items": ANYTHING},
        {"type": "null"},
    ]
}
TEXT_OR_TEXTS = {
    "oneOf": [
        {"type": "string", "minLength": 1},
        {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
    ]
}


class StorableField(serializers.JSONField):
    """Any JSON that can be passed on: not nested without end, no half characters, no null ones."""

    def to_internal_value(self, data: Any) -> Any:
        if storable_json(data) != data:
            raise serializers.ValidationError(
                "This holds something that cannot be passed on: null or half characters, numbers "
                "without end, or too many levels."
            )
        return data


def read_text(data: str) -> str:
    """A text as it is; raises the error for one that cannot be stored."""
    if storable_text(data) != data:
        raise serializers.ValidationError("This text has null or half characters.")
    return data


@extend_schema_field(TEXT_OR_PARTS)
class ContentField(serializers.Field[Any, Any, Any, Any]):
    """The content of a message: a text, or parts, of which texts alone become one text."""

    def to_internal_value(self, data: Any) -> str | list[dict[str, Any]]:
        if isinstance(data, str):
            return read_text(data)
        if not isinstance(data, list):
            raise serializers.ValidationError("This must be a text or a list of parts.")
        if len(data) > MOST_PARTS:
            raise serializers.ValidationError(f"A message has at most {MOST_PARTS} parts.")
        parts = [read_part(part) for part in data if not is_thought(part)]
        if all(part["type"] == "text" for part in parts):
            return "\n".join(part["text"] for part in parts)
        return parts

    def to_representation(self, value: Any) -> Any:
        return value


def is_thought(part: Any) -> bool:
    """Whether a part is what a model thought earlier, which nobody shows it again."""
    return isinstance(part, dict) and part.get("type") in THOUGHTS


def read_part(part: Any) -> dict[str, Any]:
    """One part of a message; raises the error for one of no known kind."""
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in TEXTS and isinstance(part.get("text"), str):
        return {"type": "text", "text": read_text(part["text"])}
    if kind == "refusal" and isinstance(part.get("refusal"), str):
        return {"type": "text", "text": read_text(part["refusal"])}
    if kind == "image_url":
        return {"type": "image_url", "image_url": read_image(part.get("image_url"))}
    raise serializers.ValidationError("A part is a text or an image.")


def read_image(image: Any) -> dict[str, str]:
    """An image that is in the request itself.

    The model's server would fetch an address, from wherever it stands.
    """
    if isinstance(image, str):
        image = {"url": image}
    url = image.get("url") if isinstance(image, dict) else None
    if not isinstance(url, str) or not url.startswith("data:image/"):
        raise serializers.ValidationError("An image is taken as a data: URL only.")
    detail = image.get("detail")
    kept = {"detail": detail} if detail in DETAILS else {}
    return {"url": read_text(url), **kept}


class ArgumentsField(serializers.CharField):
    """Arguments in JSON; some programs send the object itself, or none where there are none."""

    def run_validation(self, data: Any = serializers.empty) -> str:
        if isinstance(data, dict):
            data = orjson.dumps(storable_json(data)).decode()
        # Servers parse it, also where nothing was said.
        return super().run_validation(data) or "{}"


class LongestField(serializers.IntegerField):
    """The longest answer in tokens; llama.cpp and LM Studio have -1 for no limit."""

    def run_validation(self, data: Any = serializers.empty) -> int | None:
        most: int | None = super().run_validation(None if data == -1 else data)
        return most


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


class MetadataSerializer(serializers.Serializer[Any]):
    """`session_id`: the conversation that keeps an answer of the agent.

    `task`: what a program asks for itself: `title_generation`, `tags_generation`,
    `follow_up_generation`, `query_generation`, `autocomplete_generation`, `emoji_generation`,
    `image_prompt_generation` or `function_calling`. The agent's model answers that without
    documents or tools, and nothing is kept. Other words are the caller's own.
    """

    session_id = serializers.UUIDField(required=False, allow_null=True)
    task = serializers.JSONField(required=False, allow_null=True)


@extend_schema_field(TEXT_OR_TEXTS)
class StopField(serializers.Field[Any, Any, Any, Any]):
    """Where the model stops: a text, or several."""

    def to_internal_value(self, data: Any) -> list[str]:
        stops = [data] if isinstance(data, str) else data
        if not isinstance(stops, list) or not all(isinstance(stop, str) for stop in stops):
            raise serializers.ValidationError("This must be a text or a list of texts.")
        if len(stops) > MOST_STOPS:
            raise serializers.ValidationError(f"There are at most {MOST_STOPS} of these.")
        return [read_text(stop) for stop in stops if stop]

    def to_representation(self, value: Any) -> Any:
        return value


class LogitBiasField(serializers.DictField):
    """How much likelier or unlikelier tokens are, by their numbers in the model's vocabulary."""

    child = serializers.FloatField(min_value=-100, max_value=100)

    def to_internal_value(self, data: Any) -> dict[str, float]:
        biases: dict[str, float] = super().to_internal_value(data)
        if len(biases) > MOST_BIASES or not all(TOKEN.fullmatch(token) for token in biases):
            raise serializers.ValidationError("These are numbers of tokens, at most 1024.")
        return biases


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


@extend_schema_field(TEXT_OR_TEXTS)
class TextsField(serializers.Field[Any, Any, Any, Any]):
    """One text or several; tokens of a model that we do not run are refused."""

    def to_internal_value(self, data: Any) -> list[str]:
        texts = [data] if isinstance(data, str) else data
        if not isinstance(texts, list) or not texts:
            raise serializers.ValidationError("This must be a text or a list of texts.")
        if len(texts) > MOST_TEXTS:
            raise serializers.ValidationError(f"There are at most {MOST_TEXTS} texts at a time.")
        if not all(isinstance(text, str) for text in texts):
            raise serializers.ValidationError(
                "Send texts: numbers of tokens mean something else to each model."
            )
        if not all(texts):
            raise serializers.ValidationError("A text may not be empty.")
        return [read_text(text) for text in texts]

    def to_representation(self, value: Any) -> Any:
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


class AnswerMessageSerializer(serializers.Serializer[Any]):
    """What was answered; `citations` are the agent's."""

    role = serializers.ChoiceField(["assistant"])
    content = serializers.CharField(allow_null=True, allow_blank=True)
    refusal = serializers.CharField(allow_null=True)
    reasoning_content = serializers.CharField(required=False)
    tool_calls = MadeCallSerializer(many=True, required=False)
    citations = serializer_for(CitationShape)(many=True, required=False)


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


def session_in(header: str | None, form: dict[str, Any]) -> UUID | None:
    """The session that a request names, by header or metadata; raises the error for nonsense."""
    if not header:
        found: UUID | None = (form.get("metadata") or {}).get("session_id")
        return found
    try:
        return UUID(header)
    except ValueError as error:
        raise serializers.ValidationError({"X-Session-ID": ["This is no id."]}) from error
