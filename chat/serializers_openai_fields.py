"""What fields of OpenAI's clients hold: texts, parts, images, arguments and numbers."""

from __future__ import annotations

import re
from typing import Any

import orjson
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from youworker.core.storable import storable_json, storable_text

MOST_PARTS = 100
MOST_STOPS = 16
MOST_BIASES = 1024
MOST_TEXTS = 2048
TOKEN = re.compile(r"[0-9]{1,8}", re.ASCII)
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
                "Send texts: numbers of tokens mean something else to each model "
                "(LangChain: check_embedding_ctx_length=False)."
            )
        if not all(texts):
            raise serializers.ValidationError("A text may not be empty.")
        return [read_text(text) for text in texts]

    def to_representation(self, value: Any) -> Any:
        return value
