"""Servers that speak OpenAI's `/v1/audio`."""

from __future__ import annotations

import json
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx2
from django.utils.translation import gettext_noop

from youworker.core.config import config
from youworker.core.slots import holding_nothing
from youworker.speech.configured import hearing_endpoint, speaking_endpoint
from youworker.speech.exceptions import SpeechUnavailable
from youworker.speech.types import HeardPiece, Segment
from youworker.upstream.client import LONGEST, sync_client
from youworker.upstream.errors import TRANSPORT_ERRORS, StatusError, pause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from youworker.upstream.endpoint import Endpoint

LONGEST_TRANSCRIPT = 4 * 2**20
LONGEST_SPEECH = 64 * 2**20
BLOCK_BYTES = 16_384
# What models say that give a text and nothing else.
NO_SEGMENTS = {400, 422}
USUAL_VOICE = "alloy"
AWAY = gettext_noop("The speech server does not answer.")
REFUSED = gettext_noop("The speech server refused: %(reason)s")
STRANGE = gettext_noop("The speech server answered something else than speech.")

# By the names that speech servers give languages.
LANGUAGE_CODES = {
    "arabic": "ar",
    "chinese": "zh",
    "czech": "cs",
    "danish": "da",
    "dutch": "nl",
    "english": "en",
    "finnish": "fi",
    "french": "fr",
    "german": "de",
    "greek": "el",
    "hebrew": "he",
    "hindi": "hi",
    "hungarian": "hu",
    "italian": "it",
    "japanese": "ja",
    "korean": "ko",
    "norwegian": "no",
    "polish": "pl",
    "portuguese": "pt",
    "romanian": "ro",
    "russian": "ru",
    "spanish": "es",
    "swedish": "sv",
    "turkish": "tr",
    "ukrainian": "uk",
    "vietnamese": "vi",
}
LONGEST_CODE = 3


class ServerEar:
    """Hears the pieces of one sound."""

    def __init__(self, language: str, *, former: str) -> None:
        self.language, self.former = language, former
        self.endpoint = hearing_endpoint(config.speech)
        self.form = "verbose_json"

    def hear(self, frame: dict[str, Any], data: bytes) -> HeardPiece:
        """What is said in a piece; raises `SpeechUnavailable`."""
        start, end = frame["start"], frame["end"]
        if not data:
            return HeardPiece(start, end, frame["total"], [], self.language or self.former)
        answer = ask_again(lambda: self.ask(data))
        language = code_of(str(answer.get("language") or "")) or self.language or self.former
        self.former = language
        return HeardPiece(start, end, frame["total"], segments_of(answer, start, end), language)

    def ask(self, data: bytes) -> dict[str, Any]:
        """The answer to one request."""
        try:
            return self.ask_for(data, self.form)
        except StatusError as error:
            if error.status not in NO_SEGMENTS or self.form == "json":
                raise
            self.form = "json"
            return self.ask_for(data, self.form)

    def ask_for(self, data: bytes, form: str) -> dict[str, Any]:
        """The answer in a form; raises what the transport does, and `StatusError`."""
        fields = {"model": config.speech.stt_model, "response_format": form}
        if self.language:
            fields["language"] = self.language
        with sync_client(self.endpoint) as client:
            request = client.build_request(
                "POST",
                self.endpoint.address_of("audio/transcriptions"),
                data=fields,
                files={"file": ("speech.flac", data, "audio/flac")},
                extensions={LONGEST: LONGEST_TRANSCRIPT},
            )
            content = b"".join(blocks_of(client, request, self.endpoint))
        try:
            found = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise SpeechUnavailable(STRANGE) from error
        if not isinstance(found, dict) or not isinstance(found.get("text"), str):
            raise SpeechUnavailable(STRANGE)
        return found


def segments_of(answer: dict[str, Any], start: float, end: float) -> list[Segment]:
    """The stretches of an answer; the whole piece is one where the server names none."""
    named = answer.get("segments")
    found = []
    for one in named if isinstance(named, list) else []:
        try:
            first, last = float(one["start"]), float(one["end"])
            text = str(one["text"]).strip()
        except (TypeError, KeyError, ValueError):
            continue
        if text and 0 <= first <= last:
            found.append(Segment(min(start + first, end), min(start + last, end), text))
    text = answer["text"].strip()
    return found or ([Segment(start, end, text)] if text else [])


def speak_by_server(text: str, *, form: str, voice: str, speed: float) -> Iterator[bytes]:
    """The bytes of a spoken text as they come; raises `SpeechUnavailable`."""
    endpoint = speaking_endpoint(config.speech)
    body = {
        "model": config.speech.tts_model,
        "input": text,
        "voice": voice or config.speech.tts_voice or USUAL_VOICE,
        "response_format": form,
        "speed": speed,
    }
    try:
        with sync_client(endpoint) as client:
            request = client.build_request(
                "POST",
                endpoint.address_of("audio/speech"),
                json=body,
                extensions={LONGEST: LONGEST_SPEECH},
            )
            yield from blocks_of(client, request, endpoint)
    except StatusError as error:
        raise SpeechUnavailable(REFUSED, reason=error.reason) from error
    except TRANSPORT_ERRORS as error:
        raise SpeechUnavailable(AWAY) from error


def blocks_of(
    client: httpx2.Client, request: httpx2.Request, endpoint: Endpoint
) -> Iterator[bytes]:
    """The body of an answer as it comes, within the time of its endpoint."""
    deadline = time.monotonic() + endpoint.timeouts.total
    with closing(client.send(request, stream=True)) as response:
        if not response.is_success:
            content = response.read()
            raise StatusError(response.status_code, response.headers, content, key=endpoint.key)
        for block in response.iter_raw(BLOCK_BYTES):
            yield block
            if time.monotonic() > deadline:
                raise httpx2.ReadTimeout("The answer took too long.", request=request)


def ask_again(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer to a request, tried again while the trouble may pass."""
    retry = config.retry
    for attempt in range(1, retry.attempts + 1):
        try:
            with holding_nothing():
                return ask()
        except StatusError as error:
            if not error.is_transient or attempt == retry.attempts:
                raise SpeechUnavailable(REFUSED, reason=error.reason) from error
        except TRANSPORT_ERRORS as error:
            if attempt == retry.attempts:
                raise SpeechUnavailable(AWAY) from error
        time.sleep(pause(retry, attempt))
    raise AssertionError("unreachable")


def code_of(language: str) -> str:
    """The code of a language, given its code or its English name; empty for anything else."""
    plain = language.strip().lower().partition("-")[0]
    return LANGUAGE_CODES.get(plain) or (
        plain if len(plain) <= LONGEST_CODE and plain.isalpha() else ""
    )
