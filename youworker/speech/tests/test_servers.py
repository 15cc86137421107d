"""Servers that hear and speak: what they are sent, and what becomes of their trouble."""

from __future__ import annotations

import pytest

from youworker.speech.exceptions import SoundRefused, SpeechUnavailable
from youworker.speech.hearing import transcribe
from youworker.speech.speaking import speak
from youworker.speech.tests.speech_server import SpeechServer
from youworker.speech.tests.test_hearing import SILENCE, spoken, wav
from youworker.speech.types import Recorded
from youworker.tests.support.configuring import override_config

pytestmark = pytest.mark.slow

HEARD = {
    "text": "Hello there.",
    "language": "english",
    "segments": [{"start": 0.5, "end": 1.5, "text": " Hello there."}],
}


@pytest.fixture(scope="module")
def sound():
    """A sentence as we speak it ourselves."""
    return spoken(form="mp3")


@pytest.fixture
def server(sound):
    with SpeechServer() as made, override_config("retry", base_seconds=0.0, attempts=3):
        settings = {
            "stt_base_url": made.url,
            "stt_model": "large",
            "stt_api_key": "secret-key-1",
            "tts_base_url": made.url,
            "tts_model": "voice",
            "tts_voice": "nova",
        }
        with override_config("speech", **settings):
            yield made


def test_a_server_is_sent_flac_and_its_key_whatever_was_recorded(server, sound):
    server.answers = [(200, HEARD)]

    heard = transcribe(Recorded(sound), language="en")

    path, headers, fields = server.requests[0]
    assert path == "/v1/audio/transcriptions"
    assert headers["Authorization"] == "Bearer secret-key-1"
    assert (fields["model"], fields["language"]) == (b"large", b"en")
    assert fields["file"].startswith(b"fLaC")
    assert (heard.text, heard.language) == ("Hello there.", "en")
    assert (heard.segments[0].start, heard.segments[0].end) == (0.5, 1.5)


def test_a_model_without_times_is_asked_for_its_text_alone(server, sound):
    server.answers = [(400, {"error": {"message": "no verbose_json"}}), (200, {"text": "Hello."})]

    heard = transcribe(Recorded(sound))

    assert [fields["response_format"] for _, _, fields in server.requests] == [
        b"verbose_json",
        b"json",
    ]
    assert heard.text == "Hello."
    assert heard.segments[0].end == pytest.approx(heard.seconds, abs=0.1)


def test_silence_is_not_sent(server):
    with pytest.raises(SoundRefused) as caught:
        transcribe(Recorded(wav(SILENCE)))

    assert caught.value.reason == "no_speech"
    assert not server.requests


def test_trouble_that_passes_is_tried_again(server, sound):
    server.answers = [(503, {}), (429, {}), (200, HEARD)]

    assert transcribe(Recorded(sound)).text == "Hello there."
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((500, {}), "500"),
        ((401, {"error": {"message": "Wrong key secret-key-1."}}), "Wrong key"),
        ((200, b"<html>"), "something else"),
        ((200, {"text": 5}), "something else"),
        ((200, b"x" * (5 * 2**20)), "does not answer"),
    ],
)
def test_a_server_that_cannot_hear_is_said_so_without_its_key(server, sound, answer, words):
    server.answers = [answer]

    with pytest.raises(SpeechUnavailable) as caught:
        transcribe(Recorded(sound))

    assert words in caught.value.message
    assert "secret-key-1" not in caught.value.message


def test_a_server_speaks_in_the_form_and_voice_that_are_wanted(server):
    server.answers = [(200, b"sound")]

    sound = b"".join(speak(["Hello.", "There."], form="opus", speed=1.5))

    path, _, fields = server.requests[0]
    assert sound == b"sound"
    assert path == "/v1/audio/speech"
    assert fields == {
        "model": "voice",
        "input": "Hello.\nThere.",
        "voice": "nova",
        "response_format": "opus",
        "speed": 1.5,
    }


def test_a_server_that_does_not_speak_is_said_so(server):
    server.answers = [(400, {"error": {"message": "unknown voice"}})]

    with pytest.raises(SpeechUnavailable, match="unknown voice"):
        list(speak(["Hello."]))
    with (
        override_config("speech", tts_base_url="http://127.0.0.1:1/v1"),
        pytest.raises(SpeechUnavailable, match="does not answer"),
    ):
        list(speak(["Hello."]))
