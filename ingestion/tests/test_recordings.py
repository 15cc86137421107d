"""Recordings become documents whose passages know their second."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from accounts.tests.factories import UserFactory
from documents import search
from documents.models import Document, Passage
from ingestion import services
from ingestion.enums import Stage
from ingestion.models import HeardPiece, IngestionItem
from ingestion.pipeline import recordings
from ingestion.pipeline.worker import work_for, work_once
from ingestion.recordings import clock, groups_of, mime_of, passages_of
from youworker.speech.engine.encoding import encoded
from youworker.speech.exceptions import SpeechLost, SpeechUnavailable
from youworker.speech.speaking import speak
from youworker.speech.types import Segment
from youworker.tests.support.configuring import override_config
from youworker.tests.support.speech import whisper_folder

FOREVER = float("inf")
FIRST = "The meeting of the board takes place on Monday at nine."
LATER = "The new contract with the supplier ends in December."


@pytest.fixture
def hears():
    with override_config("speech", stt_model_dir=str(whisper_folder())):
        yield


def samples_of(text):
    return np.frombuffer(b"".join(speak([text], form="pcm", language="en")), "<i2")


def recording(*, pause=75, form="flac"):
    """Two sentences with a pause between them."""
    silence = np.zeros(24_000 * pause, np.int16)
    return encoded(form, 24_000, np.concatenate([samples_of(FIRST), silence, samples_of(LATER)]))


def film():
    """A second of film with a spoken sentence."""
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as target:
        picture = target.add_stream("mpeg4", rate=5)
        picture.width = picture.height = 64
        picture.pix_fmt = "yuv420p"
        sound = target.add_stream("pcm_s16le", rate=24_000, layout="mono")
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            target.mux(picture.encode(frame))
        spoken = av.AudioFrame.from_ndarray(
            samples_of(FIRST).reshape(1, -1), format="s16", layout="mono"
        )
        spoken.sample_rate = 24_000
        target.mux(sound.encode(spoken))
        for stream in (picture, sound):
            target.mux(stream.encode(None))
    return out.getvalue()


@pytest.mark.slow
@pytest.mark.django_db
def test_what_is_said_late_is_found_with_its_second(hears, letters, incoming):
    user = UserFactory()
    run = services.start_upload([incoming("board.flac", recording())], actor=user)

    work_for(60)

    item, document = run.items.get(), Document.objects.get()
    found = search.search("contract supplier December", actor=user).results[0]
    assert item.stage == Stage.READY, item.error_detail
    assert document.mime == "audio/flac"
    assert document.language == "en"
    second = Passage.objects.get(pk=found.chunk_id).second
    assert found.second == second
    assert 70 < second < 90
    assert found.heading == clock(second)
    assert found.as_json()["second"] == second
    # What was kept meanwhile goes with the end of the item.
    services.remove_leftover_pages()
    assert not HeardPiece.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db
def test_the_sound_of_a_film_is_heard(hears, letters, incoming):
    services.start_upload([incoming("board.mkv", film())], actor=UserFactory())

    work_for(60)

    item = IngestionItem.objects.get()
    assert item.stage == Stage.READY, item.error_detail
    assert Document.objects.get().mime == "video/webm"
    assert "Monday" in Passage.objects.get().text


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_long_recording_lets_others_pass_and_goes_on(hears, letters, incoming, monkeypatch):
    monkeypatch.setattr(recordings, "TURN", 0.0)
    services.start_upload([incoming("board.flac", recording())], actor=UserFactory())
    services.start_upload([incoming("note.txt", "A zebra.")], actor=UserFactory())

    assert work_once(until=FOREVER)
    item = IngestionItem.objects.get(name="board.flac")
    assert (item.stage, item.failures, item.losses) == (Stage.QUEUED, 0, 0)
    assert item.note.startswith("Listening: 00:00:4")
    assert item.heard_pieces.count() == 1
    work_for(60)

    item.refresh_from_db()
    assert item.stage == Stage.READY, item.error_detail
    texts = " ".join(Passage.objects.filter(document=item.document).values_list("text", flat=True))
    assert texts.count("Monday") == 1
    assert "December" in texts


@pytest.mark.django_db
def test_without_a_provider_the_setting_is_named(letters, incoming):
    run = services.start_upload([incoming("a.wav", b"RIFF____WAVEfmt ")], actor=UserFactory())

    work_for(30)

    item = run.items.get()
    assert (item.stage, item.error_code) == (Stage.FAILED, "no_speech_service")
    assert "STT_MODEL_DIR" in item.error_detail


REFUSED = {
    "damaged": (b"RIFF____WAVEfmt " + bytes(90), "damaged_sound"),
    "silent": (encoded("wav", 16_000, np.zeros(48_000, np.int16)), "no_speech"),
    "a film of an old form": (b"\x00\x00\x01\xba" + bytes(300), "damaged_sound"),
}


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_heard_fails_with_its_reason(hears, letters, incoming, name):
    content, code = REFUSED[name]
    run = services.start_upload([incoming("a.wav", content)], actor=UserFactory())

    work_for(30)

    assert (run.items.get().stage, run.items.get().error_code) == (Stage.FAILED, code)


@pytest.mark.slow
@pytest.mark.django_db
def test_a_recording_longer_than_is_heard_fails_with_its_reason(letters, incoming):
    long = encoded("flac", 16_000, np.zeros(16_000 * 30, np.int16))
    settings = {"stt_model_dir": str(whisper_folder()), "recording_seconds": 20}
    with override_config("speech", **settings):
        run = services.start_upload([incoming("a.flac", long)], actor=UserFactory())
        work_for(30)

    assert run.items.get().error_code == "sound_too_long"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "failures", "code"),
    [
        # A server that is away is waited for; a file that costs an engine is tried three times.
        (SpeechUnavailable("The speech server does not answer."), 0, "upstream_unavailable"),
        (SpeechLost("The speech process does not answer."), 1, "parser_crashed"),
    ],
)
def test_trouble_of_the_engine_is_waited_for(letters, incoming, monkeypatch, error, failures, code):
    def broken(*args, **options):
        raise error
        yield

    monkeypatch.setattr(recordings, "hear_recording", broken)
    with override_config("speech", stt_base_url="http://127.0.0.1:1/v1"):
        run = services.start_upload([incoming("a.wav", b"RIFF____WAVEfmt ")], actor=UserFactory())
        work_once(until=FOREVER)

    item = run.items.get()
    assert (item.stage, item.failures, item.error_code) == (Stage.QUEUED, failures, code)


def test_passages_begin_at_the_second_of_their_first_words():
    segments = [Segment(n * 10.6, n * 10.6 + 9, f"{n} " + "word " * 30) for n in range(20)]

    drafts = passages_of(segments)

    assert len(drafts) == len(list(groups_of(segments))) == 5
    assert [draft.second for draft in drafts] == [0, 42, 84, 127, 169]
    assert drafts[1].heading == "00:00:42"
    assert all(draft.end - draft.start == len(draft.text) for draft in drafts)
    assert drafts[0].end < drafts[1].start


@pytest.mark.parametrize(
    ("reader", "name", "declared", "mime"),
    [
        ("matroska", "a.webm", "audio/webm", "audio/webm"),
        ("matroska", "a.webm", "", "video/webm"),
        ("mov", "a.m4a", "", "audio/mp4"),
        ("mov", "a.mov", "video/quicktime", "video/mp4"),
        ("mp3", "a.mp3", "", "audio/mpeg"),
    ],
)
def test_the_type_of_a_recording_is_told_by_its_bytes_and_its_name(reader, name, declared, mime):
    assert mime_of(reader, name, declared) == mime
