"""OpenAI's audio routes, with a real model that hears and a real voice."""

from __future__ import annotations

import io
import json
import wave

import av
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory
from chat.serializers_audio import TranscriptionSerializer
from chat.tests.factories import MessageFactory
from chat.tests.key_support import key_of
from quotas.models import Quota
from youworker.core.db import run_in_thread
from youworker.speech.speaking import speak
from youworker.tests.support.configuring import override_config
from youworker.tests.support.speech import whisper_folder, word_errors

pytestmark = pytest.mark.django_db(transaction=True)

HEAR, SPEAK = "/v1/audio/transcriptions", "/v1/audio/speech"
TEXT = "The meeting of the board takes place on Monday at nine. Please bring the report."


@pytest.fixture
def hears():
    with override_config("speech", stt_model_dir=str(whisper_folder())):
        yield


def client_of(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def ask(user, data, **fields):
    file = SimpleUploadedFile("speech.wav", data)
    return client_of(user).post(
        HEAR, {"file": file, "model": "whisper-1", **fields}, format="multipart"
    )


async def fetch_speech(user, path=SPEAK, **body):
    """The answer to a request with a key, and its whole body."""
    headers = await key_of(user, "chat")
    if body:
        answer = await AsyncClient().post(
            path, json.dumps(body), content_type="application/json", headers=headers
        )
    else:
        answer = await AsyncClient().get(path, headers=headers)
    if not answer.streaming:
        return answer, answer.content
    return answer, b"".join([block async for block in answer])


@pytest.mark.slow
def test_a_recording_is_written_down_in_every_form(hears):
    user, data = UserFactory(), b"".join(speak([TEXT], form="flac", language="en"))

    plain = ask(user, data)
    verbose = ask(user, data, response_format="verbose_json", language="en").json()
    text = ask(user, data, response_format="text")
    srt = ask(user, data, response_format="srt").content.decode()
    vtt = ask(user, data, response_format="vtt")

    assert plain.status_code == 200
    assert word_errors(TEXT, plain.json()["text"]) < 0.3
    assert verbose["language"] == "en"
    assert verbose["duration"] > 3
    assert verbose["segments"][0]["end"] > verbose["segments"][0]["start"]
    assert text["Content-Type"] == "text/plain; charset=utf-8"
    assert "Monday" in text.content.decode()
    assert srt.startswith("1\n00:00:0")
    assert " --> 00:00:0" in srt
    assert vtt.content.startswith(b"WEBVTT\n\n00:00:0")
    assert vtt["Content-Type"].startswith("text/vtt")
    counted = [(event.kind, event.bytes) for event in user.usage_events.all()]
    assert counted == [("hearing", len(data))] * 5


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"data": b"no sound"}, 422, "sound_refused"),
        ({"data": b"RIFF", "response_format": "docx"}, 400, "invalid_choice"),
        ({"data": b"RIFF", "language": "klingon"}, 400, "invalid"),
    ],
)
def test_what_cannot_be_heard_is_refused_in_openais_shape(hears, fields, status, code):
    answer = ask(UserFactory(), **fields)

    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize(
    ("told", "known"), [("en", "en"), ("en-US", "en"), ("pt_BR", "pt"), ("fil-PH", "fil")]
)
def test_the_country_of_a_language_is_left_out(told, known):
    file = SimpleUploadedFile("speech.wav", b"RIFF")
    form = TranscriptionSerializer(data={"file": file, "language": told})

    assert form.is_valid(), form.errors
    assert form.validated_data["language"] == known


def test_without_a_provider_the_setting_is_named():
    answer = ask(UserFactory(), b"RIFF")

    assert answer.status_code == 400
    assert "STT_MODEL_DIR" in answer.json()["error"]["message"]


def test_a_recording_that_is_too_large_is_refused():
    with override_config("speech", stt_base_url="http://127.0.0.1:1/v1", max_bytes=1024):
        answer = ask(UserFactory(), bytes(1025))

    assert answer.status_code == 413


def test_whoever_has_no_tokens_left_is_not_heard(hears):
    user = UserFactory()
    Quota.objects.create(user=user, tokens_per_day=0)

    answer = ask(user, b"RIFF")

    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "insufficient_quota"


@pytest.mark.slow
@pytest.mark.parametrize("form", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
async def test_a_text_is_spoken_in_every_format(form):
    user = await run_in_thread(UserFactory)

    answer, sound = await fetch_speech(user, input=TEXT, voice="alloy", response_format=form)

    assert answer.status_code == 200
    assert 3 < seconds_of(sound, form) < 9


def seconds_of(sound, form):
    if form == "pcm":
        return len(sound) / 2 / 24_000
    if form == "wav":
        # Its length was not known when it began.
        return (len(sound) - 44) / 2 / wave.open(io.BytesIO(sound)).getframerate()
    with av.open(io.BytesIO(sound)) as file:
        return sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"voice": "alloy"}, 400),
        ({"input": "Hello", "response_format": "midi"}, 400),
        ({"input": "Hello", "speed": 9}, 400),
        ({"input": "Hello", "stream_format": "sse"}, 400),
        ({"input": "***"}, 400),
        ({"input": "a" * 20_001}, 400),
    ],
)
async def test_what_cannot_be_spoken_is_refused_in_openais_shape(body, status):
    answer, content = await fetch_speech(await run_in_thread(UserFactory), **body)

    assert answer.status_code == status
    assert json.loads(content)["error"]["type"] == "invalid_request_error"


@pytest.mark.slow
async def test_a_program_without_a_model_of_its_own_leaves_the_name_empty():
    user = await run_in_thread(UserFactory)

    answer, sound = await fetch_speech(user, model="", input="Hello.", response_format="pcm")

    assert (answer.status_code, len(sound) > 1000) == (200, True)


@pytest.mark.slow
async def test_a_message_is_read_aloud_to_its_user_only():
    message = await run_in_thread(MessageFactory, content="**Hello** `x_y` [1].")
    other = await run_in_thread(UserFactory)
    path = f"/v1/messages/{message.pk}/speech"

    answer, sound = await fetch_speech(message.session.user, path)
    refused, _ = await fetch_speech(other, path)

    assert answer["Content-Type"] == "audio/mpeg"
    assert 0.3 < seconds_of(sound, "mp3") < 4
    assert refused.status_code == 404
    user = message.session.user
    counted = await run_in_thread(lambda: [event.kind for event in user.usage_events.all()])
    assert counted == ["speaking"]


async def test_where_nobody_speaks_the_setting_is_named():
    with override_config("speech", tts_enabled=False):
        answer, content = await fetch_speech(await run_in_thread(UserFactory), input="Hello")

    assert answer.status_code == 400
    assert b"TTS_ENABLED" in content
