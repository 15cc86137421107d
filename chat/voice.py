"""Spoken questions, and texts that are read aloud."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chat.quotas import record_heard, record_spoken
from chat.services.direct import enforce_token_quota
from chat.services.questions import LONGEST_TEXT
from documents.language import identify
from youworker.core.config import config
from youworker.core.exceptions import InvalidInput
from youworker.core.request_context import request_origin
from youworker.core.slots import holding_nothing
from youworker.speech.hearing import require_hearing, transcribe
from youworker.speech.script import read_aloud
from youworker.speech.speaking import SAMPLE_RATE, require_speaking, speak
from youworker.speech.types import Recorded

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Mapping
    from uuid import UUID

    from accounts.models import User
    from chat.serializers import SoundShape
    from youworker.speech.types import Transcript

# Files that browsers and telephones record, and samples without a head.
MESSAGE_FORMATS = frozenset(
    (
        "aac",
        "aiff",
        "amr",
        "flac",
        "m4a",
        "mp3",
        "mp4",
        "mpeg",
        "mpga",
        "oga",
        "ogg",
        "opus",
        "pcm",
        "pcm16",
        "wav",
        "webm",
    )
)


@dataclass(frozen=True, slots=True)
class SpokenQuestion:
    """A spoken question in writing, and what stands for it when it is sent again."""

    text: str
    transcript: dict[str, Any]
    digest: str
    # How long its sound is.
    seconds: float


def recorded_of(audio: Mapping[str, Any]) -> Recorded:
    """The sound in a message; raises `InvalidInput`."""
    try:
        data = base64.b64decode(audio["data"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("This is not base64.", attr="audio.data") from error
    form = str(audio["format"]).lower()
    if form not in MESSAGE_FORMATS:
        raise InvalidInput(
            "Known formats are %(formats)s.",
            attr="audio.format",
            formats=", ".join(sorted(MESSAGE_FORMATS)),
        )
    return Recorded(data, format=form, sample_rate=audio.get("sample_rate"))


def admit_voice(audio: Mapping[str, Any], *, actor: User) -> Recorded:
    """The sound of a message that may be heard; raises `InvalidInput` and `QuotaExceeded`."""
    require_hearing()
    recorded = recorded_of(audio)
    enforce_token_quota(actor, request_origin().key_id)
    return recorded


def hear_question(recorded: Recorded, *, actor: User) -> SpokenQuestion:
    """What somebody asked by voice; blocks for some seconds, and keeps nothing of the sound.

    Raises what `transcribe` does.
    """
    heard = transcribe(recorded, likely=actor.language)
    digest = hashlib.sha256(recorded.data).hexdigest()
    return SpokenQuestion(heard.text[:LONGEST_TEXT], transcript_of(heard), digest, heard.seconds)


def written(fields: Mapping[str, Any], question: SpokenQuestion | None) -> dict[str, Any]:
    """The fields of a message as a written question is asked, with the options of its voice."""
    asked = {name: fields[name] for name in fields if name not in ("audio", "expect_audio")}
    options: dict[str, Any] = {"speak": True} if fields.get("expect_audio") else {}
    if question is not None:
        asked["text"] = question.text
        options |= {"transcript": question.transcript, "audio": question.digest}
    return asked | {"options": options} if options else asked


def written_in_request(fields: Mapping[str, Any], *, actor: User) -> dict[str, Any]:
    """Do what `written` does, and hear a spoken question first: in a request, which blocks."""
    if not fields.get("audio"):
        return written(fields, None)
    recorded = admit_voice(fields["audio"], actor=actor)
    with holding_nothing():
        question = hear_question(recorded, actor=actor)
    count_heard(recorded, question, actor=actor, key_id=request_origin().key_id)
    return written(fields, question)


def count_heard(
    recorded: Recorded, question: SpokenQuestion, *, actor: User, key_id: UUID | None
) -> None:
    """Count a question that was heard."""
    record_heard(len(recorded.data), question.seconds, user_id=actor.pk, key_id=key_id)


def transcript_of(heard: Transcript) -> dict[str, Any]:
    """What the event `transcript` tells beside the text."""
    return {"language": heard.language, "confidence": heard.confidence}


def begin_speech(
    text: str,
    *,
    form: str,
    voice: str = "",
    speed: float = 1.0,
    language: str = "",
    actor: User,
) -> AsyncGenerator[bytes, None]:
    """A text as a file that is streamed while it is made; blocks until its first bytes are there.

    Raises `InvalidInput`, `QuotaExceeded` and what `speak` does.
    """
    require_speaking()
    most = config.speech.max_chars
    if len(text) > most:
        raise InvalidInput(
            "A text has at most %(most)s characters.", attr="input", most=f"{most:,}"
        )
    language = language or identify(text) or "en"
    sentences = read_aloud(text, language)
    if not sentences:
        raise InvalidInput("Nothing of this text can be spoken.", attr="input")
    enforce_token_quota(actor, request_origin().key_id)
    with holding_nothing():
        made = speak(sentences, form=form, language=language, voice=voice, speed=speed)
        first = next(made, b"")
    record_spoken(len(text.encode()), user_id=actor.pk, key_id=request_origin().key_id)
    return stream_blocks(first, made)


def spoken_answer(text: str, *, actor: User) -> SoundShape | None:
    """A whole answer as one file; None when nothing of it can be spoken."""
    sentences = read_aloud(text[: config.speech.max_chars], identify(text) or "en")
    if not sentences:
        return None
    with holding_nothing():
        sound = b"".join(speak(sentences, form="mp3", language=identify(text) or "en"))
    spoken = len(text[: config.speech.max_chars].encode())
    record_spoken(spoken, user_id=actor.pk, key_id=request_origin().key_id)
    data = base64.b64encode(sound).decode()
    return {"data": data, "format": "mp3", "sample_rate": SAMPLE_RATE}


async def stream_blocks(
    first: bytes, rest: Generator[bytes, None, None]
) -> AsyncGenerator[bytes, None]:
    """Blocks of which the first is there, each made in a thread; closing this ends the work."""
    try:
        yield first
        while (block := await asyncio.to_thread(next, rest, None)) is not None:
            yield block
    finally:
        # What is just being made in a thread is left to end, and is closed by what it meets.
        with suppress(ValueError):
            rest.close()
