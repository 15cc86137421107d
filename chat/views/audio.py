"""Speech over HTTP: OpenAI's two routes, and messages that are read aloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from chat.models import Message
from chat.openai.transcripts import rendered_transcript
from chat.quotas import record_heard
from chat.serializers_audio import (
    SpeechSerializer,
    TranscribedSerializer,
    TranscriptionSerializer,
)
from chat.services.direct import enforce_token_quota
from chat.views.conversations import ChatView, validated
from chat.views.openai import EventStream, OpenAIView
from chat.voice import begin_speech
from youworker.core.api.formats import WhateverIsAccepted
from youworker.core.api.openai_errors import ERROR_RESPONSES
from youworker.core.api.rate_limits import rate_limited
from youworker.core.config import config
from youworker.core.exceptions import TooLarge
from youworker.core.request_context import request_origin
from youworker.core.slots import holding_nothing
from youworker.speech.hearing import require_hearing, transcribe
from youworker.speech.speaking import MIMES
from youworker.speech.types import Recorded

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from uuid import UUID

    from rest_framework.request import Request

AUDIO = {(200, mime): OpenApiTypes.BINARY for mime in MIMES.values()}


class SoundStream(EventStream):
    """The response that streams a sound while it is made."""

    def __init__(self, blocks: AsyncGenerator[bytes, None], form: str) -> None:
        super().__init__(blocks)
        self["Content-Type"] = MIMES[form]


class TranscriptionsView(OpenAIView):
    """A recording and its words."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="openai_transcription",
        request={"multipart/form-data": TranscriptionSerializer},
        responses={
            200: TranscribedSerializer,
            (200, "text/plain"): str,
            (200, "text/vtt"): str,
            **ERROR_RESPONSES,
        },
    )
    @rate_limited("CHAT_MESSAGE")
    def post(self, request: Request) -> Any:
        """Write down what is said in a recording; nothing of it is kept."""
        form = validated(TranscriptionSerializer(data=request.data))
        require_hearing()
        file, most = form["file"], config.speech.max_bytes
        if file.size > most:
            raise TooLarge("The recording has more than %(most)s bytes.", most=f"{most:,}")
        enforce_token_quota(self.actor, request_origin().key_id)
        with holding_nothing():
            heard = transcribe(
                Recorded(file.read()),
                language=form.get("language", ""),
                likely=self.actor.language,
            )
        key_id = request_origin().key_id
        record_heard(file.size, heard.seconds, user_id=self.actor.pk, key_id=key_id)
        answer = rendered_transcript(heard, form["response_format"])
        if isinstance(answer, dict):
            return Response(answer)
        kind = "text/vtt" if form["response_format"] == "vtt" else "text/plain"
        return HttpResponse(answer, content_type=f"{kind}; charset=utf-8")


class SpeechView(OpenAIView):
    """A text and how it sounds."""

    @extend_schema(
        operation_id="openai_speech",
        request=SpeechSerializer,
        responses={**AUDIO, **ERROR_RESPONSES},
    )
    @rate_limited("CHAT_MESSAGE")
    def post(self, request: Request) -> Any:
        """Speak a text; the sound is sent while it is made."""
        form = validated(SpeechSerializer(data=request.data))
        blocks = begin_speech(
            form["input"],
            form=form["response_format"],
            voice=form["voice"],
            speed=form["speed"],
            actor=self.actor,
        )
        return SoundStream(blocks, form["response_format"])


class MessageSpeechView(ChatView):
    """A message read aloud."""

    content_negotiation_class = WhateverIsAccepted

    @extend_schema(
        operation_id="message_speech",
        responses={(200, "audio/mpeg"): OpenApiTypes.BINARY},
    )
    @rate_limited("CHAT_MESSAGE")
    def get(self, request: Request, pk: UUID) -> Any:
        """Read a message aloud, without its code, tables of signs and marks, as MP3."""
        message = get_object_or_404(Message.objects.visible_to(self.actor), pk=pk)
        most = config.speech.max_chars
        blocks = begin_speech(message.content[:most], form="mp3", actor=self.actor)
        return SoundStream(blocks, "mp3")
