"""Spoken questions and answers, by a real model that hears and a real voice."""

from __future__ import annotations

import asyncio
import base64
import io

import av
import pytest
from django.test import AsyncClient
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory
from chat.agent.types import TextDelta
from chat.models import Message, Run
from chat.runs import speaker
from chat.runs.speaker import AnswerSpeaker
from chat.tests.factories import SessionFactory
from chat.tests.fakes import ScriptedModel
from chat.tests.key_support import key_of
from chat.tests.test_consumers import connected, heard, say
from youworker.core.db import run_in_thread
from youworker.core.exceptions import UpstreamUnavailable
from youworker.speech.speaking import speak
from youworker.tests.support.configuring import override_config
from youworker.tests.support.speech import whisper_folder, word_errors
from youworker.tests.support.waiting import wait_until_async

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

QUESTION = "When does the meeting of the board take place?"


@pytest.fixture
def hears():
    with override_config("speech", stt_model_dir=str(whisper_folder())):
        yield


def spoken_question(text=QUESTION, form="mp3"):
    sound = b"".join(speak([text], form=form, language="en"))
    return {"data": base64.b64encode(sound).decode(), "format": form}


def usage_of(user):
    """What was counted for somebody, by its kind."""
    return {event.kind: event for event in user.usage_events.all()}


def seconds_of(event):
    with av.open(io.BytesIO(base64.b64decode(event["data"]))) as file:
        return sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))


async def test_a_spoken_question_is_answered_by_voice_while_the_answer_is_written(hears, spoken_by):
    spoken_by(ScriptedModel([[TextDelta("It is on **Monday**. "), 1.5, TextDelta("At `nine`.")]]))
    session = await run_in_thread(SessionFactory)
    socket, _ = await connected(session)

    await say(socket, type="audio", audio=spoken_question(), expect_audio=True)
    _, *events = await heard(socket)

    kinds = [event["type"] for event in events]
    transcript = events[kinds.index("transcript")]
    sounds = [event for event in events if event["type"] == "audio"]
    assert word_errors(QUESTION, transcript["text"]) < 0.4
    used = await run_in_thread(usage_of, session.user)
    assert set(used) >= {"hearing", "speaking"}
    assert used["hearing"].bytes > 0
    assert used["hearing"].duration_ms > 500
    assert used["speaking"].bytes >= len("It is on Monday.") + len("At nine.")
    assert transcript["language"] == "en"
    assert 0 < transcript["confidence"] <= 1
    assert [sound["text"] for sound in sounds] == ["It is on Monday.", "At nine."]
    assert all(sound["format"] == "mp3" for sound in sounds)
    assert all(0.3 < seconds_of(sound) < 5 for sound in sounds)
    # The first sentence sounds before the last one is written.
    last_word = max(number for number, kind in enumerate(kinds) if kind == "token")
    assert kinds.index("audio") < last_word
    assert kinds[-1] == "done"
    stored = await run_in_thread(lambda: Message.objects.get(session=session, role="user").content)
    assert stored == transcript["text"]
    await socket.disconnect()


async def test_a_spoken_question_over_http_is_asked_once_however_often_it_is_sent(hears, spoken_by):
    spoken_by(ScriptedModel([[TextDelta("On Monday.")]]))
    session = await run_in_thread(SessionFactory)
    headers = await key_of(session.user, "chat")
    headers["Idempotency-Key"] = "once"
    post = {"content_type": "application/json", "headers": headers}
    path, body = f"/v1/sessions/{session.pk}/messages", {"audio": spoken_question()}

    first = await AsyncClient().post(path, body, **post)
    second = await AsyncClient().post(path, body, **post)

    assert first.status_code == 202, first.content
    assert first.json()["run"]["id"] == second.json()["run"]["id"]
    run = await Run.objects.select_related("question").aget()
    assert word_errors(QUESTION, run.question.content) < 0.4
    # Nothing of the sound is kept, and nothing of what was said but the question.
    assert set(run.options["transcript"]) == {"language", "confidence"}
    assert "audio" not in run.options


async def test_one_call_answers_with_what_was_understood_and_the_sound_of_the_answer(
    hears, spoken_by
):
    spoken_by(ScriptedModel([[TextDelta("On Monday at nine.")]]))
    headers = await key_of(await run_in_thread(UserFactory), "chat")
    body = {"audio": spoken_question(), "expect_audio": True}

    answer = await AsyncClient().post(
        "/v1/chat", body, content_type="application/json", headers=headers
    )

    found = answer.json()
    assert answer.status_code == 200, found
    assert word_errors(QUESTION, found["transcript"]["text"]) < 0.4
    assert found["message"]["content"] == "On Monday at nine."
    assert 0.5 < seconds_of(found["audio"]) < 5


@pytest.mark.parametrize(
    ("body", "status", "attr"),
    [
        ({"audio": {"data": "!!", "format": "wav"}}, 400, "audio.data"),
        ({"audio": {"data": "AAAA", "format": "midi"}}, 400, "audio.format"),
        ({"audio": {"data": "AAAA", "format": "wav"}, "text": "x"}, 400, "audio"),
        ({"audio": {"data": "AAAA", "format": "wav"}}, 422, None),
        ({"audio": {"data": "AAAA", "format": "pcm16", "sample_rate": 96000}}, 422, None),
    ],
)
def test_what_cannot_be_heard_is_refused_and_asks_nothing(hears, body, status, attr):
    session = SessionFactory()
    api = APIClient()
    api.force_authenticate(session.user)

    answer = api.post(f"/v1/sessions/{session.pk}/messages", body, format="json")

    assert answer.status_code == status
    assert answer.json()["errors"][0]["attr"] == attr
    assert not Message.objects.exists()


def test_nobody_is_listened_to_in_the_conversation_of_another(hears, monkeypatch):
    session = SessionFactory()
    api = APIClient()
    api.force_authenticate(UserFactory())
    monkeypatch.setattr("chat.voice.transcribe", lambda recorded: pytest.fail("it was heard"))

    posted = api.post(
        f"/v1/sessions/{session.pk}/messages", {"audio": spoken_question()}, format="json"
    )
    asked = api.post(
        "/v1/chat", {"audio": spoken_question(), "session_id": str(session.pk)}, format="json"
    )

    assert (posted.status_code, asked.status_code) == (404, 404)


async def test_a_socket_says_why_it_could_not_hear_and_stays_open(hears):
    session = await run_in_thread(SessionFactory)
    socket, _ = await connected(session)

    await say(
        socket, type="audio", audio={"data": base64.b64encode(b"x" * 99).decode(), "format": "wav"}
    )
    _, error = await heard(socket, until="error")
    await say(socket, type="ping")

    assert error["code"] == "sound_refused"
    assert (await heard(socket, until="pong"))[-1] == {"type": "pong"}
    await socket.disconnect()


@pytest.mark.usefixtures("rate_limits")
async def test_a_socket_hears_no_more_often_than_it_may_ask(hears, monkeypatch):
    monkeypatch.setenv("RATE_CHAT_MESSAGE", "1/m")
    session = await run_in_thread(SessionFactory)
    socket, _ = await connected(session)
    noise = {"data": base64.b64encode(b"x" * 99).decode(), "format": "wav"}

    await say(socket, type="audio", audio=noise)
    _, first = await heard(socket, until="error")
    await say(socket, type="audio", audio=noise)
    second = (await heard(socket, until="error"))[-1]

    assert (first["code"], second["code"]) == ("sound_refused", "throttled")
    await socket.disconnect()


class Log:
    """A run's log that keeps what it is told."""

    def __init__(self):
        self.events = []

    def emit(self, kind, data):
        self.events.append((kind, data))

    def texts(self):
        return [data["text"] for kind, data in self.events if kind == "audio"]


async def test_a_stop_ends_the_speaking_at_once(monkeypatch):
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(sentences, **options):
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(20)
        return [b"sound"]

    monkeypatch.setattr(speaker, "speak", slow)
    log, stop = Log(), asyncio.Event()
    spoken = AnswerSpeaker(log, "en")
    spoken.feed("One sentence. Another sentence. ")
    loop.call_later(0.1, stop.set)

    async with asyncio.timeout(15):
        await spoken.finish(stop)

    release.set()
    await asyncio.sleep(0.1)
    assert log.events == []


async def test_trouble_with_the_voice_is_told_once_and_the_answer_goes_on(monkeypatch):
    def broken(sentences, **options):
        raise UpstreamUnavailable("The speech server does not answer.")

    monkeypatch.setattr(speaker, "speak", broken)
    log = Log()
    spoken = AnswerSpeaker(log, "en")
    spoken.feed("One sentence. Another sentence. ")
    await wait_until_async(lambda: spoken.is_over)
    spoken.feed("A third one. ")
    await spoken.finish(asyncio.Event())

    assert [(kind, data["level"]) for kind, data in log.events] == [("log", "warning")]


async def test_what_a_model_takes_back_is_not_spoken(monkeypatch):
    monkeypatch.setattr(speaker, "speak", lambda sentences, **options: [b"sound"])
    log = Log()
    spoken = AnswerSpeaker(log, "en")
    spoken.feed("I think about it, and have not said it")
    spoken.take_back()
    spoken.feed("The answer is here.")
    await spoken.finish(asyncio.Event())

    assert log.texts() == ["The answer is here."]


async def test_very_long_answers_are_spoken_in_part(monkeypatch):
    monkeypatch.setattr(speaker, "speak", lambda sentences, **options: [b"sound"])
    log = Log()
    spoken = AnswerSpeaker(log, "en")
    spoken.feed("This is a sentence of many. " * 1000)
    await spoken.finish(asyncio.Event())

    assert 200 < len(log.texts()) < 300
