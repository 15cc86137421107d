"""What OpenAI's clients send to be heard and to be spoken."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from chat.serializers_openai import LONGEST_MODEL
from youworker.core.api.schema import example
from youworker.speech.speaking import FASTEST, SLOWEST
from youworker.speech.types import FORMATS

TRANSCRIPT_FORMS = ("json", "text", "verbose_json", "srt", "vtt")


class TranscriptionSerializer(serializers.Serializer[Any]):
    """A recording whose words are wanted; what else OpenAI's clients send is not needed."""

    file = serializers.FileField(allow_empty_file=True)
    model = serializers.CharField(
        max_length=LONGEST_MODEL,
        required=False,
        help_text="Any name: the settings say which model hears.",
    )
    language = serializers.RegexField(
        r"^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*$",
        required=False,
        help_text="Its code, as en or en-US; empty = what it sounds like.",
    )
    response_format = serializers.ChoiceField(TRANSCRIPT_FORMS, required=False, default="json")

    def validate_language(self, value: str) -> str:
        """What hears knows languages without their countries, which browsers tell."""
        return value[:3].rstrip("-_").lower()


@example(model="tts-1", input="The meeting is on Monday.", voice="alloy")
class SpeechSerializer(serializers.Serializer[Any]):
    """A text that is to be spoken."""

    model = serializers.CharField(
        max_length=LONGEST_MODEL,
        required=False,
        allow_blank=True,
        help_text="Any name: the settings say which model speaks.",
    )
    input = serializers.CharField(trim_whitespace=False)
    voice = serializers.CharField(
        max_length=100,
        required=False,
        allow_blank=True,
        default="",
        help_text="A voice of the server or of Piper, or a language of eSpeak NG, as en-gb.",
    )
    response_format = serializers.ChoiceField(FORMATS, required=False, default="mp3")
    speed = serializers.FloatField(
        required=False, default=1.0, min_value=SLOWEST, max_value=FASTEST
    )
    stream_format = serializers.ChoiceField(["audio"], required=False)


class TranscribedSerializer(serializers.Serializer[Any]):
    """What was said; `verbose_json` has more, and the other forms are texts."""

    text = serializers.CharField()
    task = serializers.CharField(required=False)
    language = serializers.CharField(required=False)
    duration = serializers.FloatField(required=False)
    segments = serializers.ListField(child=serializers.DictField(), required=False)
