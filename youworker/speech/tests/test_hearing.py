"""What is spoken is heard, in all formats, and what cannot be heard is refused with a reason."""

from __future__ import annotations

import io
import itertools
import struct

import av
import numpy as np
import pytest

from youworker.core.exceptions import TooLarge
from youworker.speech.engine.decoding import RATE, Sound, decode
from youworker.speech.exceptions import SoundRefused, SpeechOff, SpeechUnavailable
from youworker.speech.hearing import hear_recording, transcribe
from youworker.speech.speaking import speak
from youworker.speech.types import Recorded, Transcript
from youworker.tests.support.configuring import override_config
from youworker.tests.support.speech import word_errors

ENGLISH = "The meeting of the board takes place on Monday at nine. Please bring the report."
ITALIAN = "La riunione di domani è molto importante per tutta la nostra azienda."


def spoken(text=ENGLISH, language="en", form="wav", speed=1.0):
    """A text as a file."""
    return b"".join(speak([text], form=form, language=language, speed=speed))


@pytest.mark.slow
@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (ITALIAN, "it")])
def test_a_spoken_sentence_is_heard_back(whisper, text, language):
    heard = transcribe(Recorded(spoken(text, language, speed=0.9)))

    assert word_errors(text, heard.text) < 0.3, heard.text
    assert heard.language == language
    assert 0.3 < heard.confidence <= 1
    assert heard.segments[0].start < 1
    assert heard.segments[-1].end == pytest.approx(heard.seconds, abs=1.0)


@pytest.mark.slow
def test_a_few_words_are_heard_in_the_likely_language(whisper):
    heard = transcribe(Recorded(spoken("Quante ferie ho?", "it", speed=0.9)), likely="it")
    clear = transcribe(Recorded(spoken(speed=0.9)), likely="it")

    assert heard.language == "it"
    assert clear.language == "en"


@pytest.mark.slow
@pytest.mark.parametrize("form", ["mp3", "opus", "flac", "aac", "wav", "pcm", "webm", "mp4"])
def test_every_format_is_heard(whisper, form):
    data = in_container(form) if form in {"webm", "mp4"} else spoken(form=form)
    raw = {"format": "pcm16", "sample_rate": 24_000} if form == "pcm" else {}

    heard = transcribe(Recorded(data, **raw), language="en")

    assert word_errors(ENGLISH, heard.text) < 0.35, heard.text


def in_container(form):
    """The sentence as browsers record it: Opus in WebM, AAC in MP4."""
    out = io.BytesIO()
    with av.open(io.BytesIO(spoken())) as source, av.open(out, "w", format=form) as target:
        codec, rate = ("libopus", 48_000) if form == "webm" else ("aac", 44_100)
        stream = target.add_stream(codec, rate=rate, layout="mono")
        resampler = av.AudioResampler(stream.codec_context.format.name, "mono", rate)
        frames = [made for frame in source.decode(audio=0) for made in resampler.resample(frame)]
        for frame in [*frames, *resampler.resample(None), None]:
            target.mux(stream.encode(frame))
    return out.getvalue()


def film(*, sound):
    """A second of film, with or without a track of sound."""
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as target:
        stream = target.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(10):
            picture = np.zeros((64, 64, 3), np.uint8)
            target.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        target.mux(stream.encode(None))
    return out.getvalue()


def wav(samples, rate=16_000):
    """Samples as a WAV file."""
    data = samples.astype("<i2").tobytes()
    shape = struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16)
    return (
        b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + shape
        + b"data" + struct.pack("<I", len(data)) + data
    )  # fmt: skip


SILENCE = np.zeros(16_000 * 3)
NOISE = np.random.default_rng(7).standard_normal(16_000 * 4) * 3000
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
REFUSED = {
    "nothing": (Recorded(b""), "unknown_sound_format"),
    "silence": (Recorded(wav(SILENCE)), "no_speech"),
    "noise": (Recorded(wav(NOISE)), "no_speech"),
    "text": (Recorded(b"These are words, but nobody says them." * 9), "unknown_sound_format"),
    "a playlist of files": (Recorded(PLAYLIST), "unknown_sound_format"),
    "random bytes that begin as MP3": (Recorded(b"ID3" + bytes(range(256)) * 40), "damaged_sound"),
    "a head without samples": (Recorded(wav(np.zeros(0))), "damaged_sound"),
    "film without sound": (Recorded(film(sound=False)), "no_sound"),
    "raw samples without a rate": (Recorded(bytes(32000), format="pcm16"), "wrong_sample_rate"),
    "a rate that no card has": (
        Recorded(bytes(32000), format="pcm16", sample_rate=96_000),
        "wrong_sample_rate",
    ),
    "a head with a rate of one": (Recorded(wav(NOISE[:4000], rate=1)), "wrong_sample_rate"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_heard_is_refused_with_a_reason(whisper, name):
    recorded, reason = REFUSED[name]

    with pytest.raises(SoundRefused) as caught:
        transcribe(recorded)

    assert caught.value.reason == reason
    assert caught.value.status == 422


@pytest.mark.parametrize("form", ["wav", "flac"])
def test_a_file_that_is_called_samples_has_its_own_rate(form):
    data = wav(NOISE) if form == "wav" else flac(NOISE)
    sound = Sound()

    blocks = decode(io.BytesIO(data), sound, form="pcm16", rate=48_000, most=60)

    assert sum(map(len, blocks)) == pytest.approx(4 * RATE, rel=0.01)


def flac(samples):
    """Samples of 16,000 a second as a file that others make."""
    out = io.BytesIO()
    with av.open(out, "w", format="flac") as target:
        stream = target.add_stream("flac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples.astype("<i2").reshape(1, -1), "s16", "mono")
        frame.sample_rate = 16_000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            target.mux(packet)
    return out.getvalue()


@pytest.mark.slow
def test_two_hours_are_refused_as_soon_as_the_limit_is_passed(whisper):
    hours = wav(np.zeros(8000 * 7200, np.int16), rate=8000)
    with (
        override_config("speech", stt_model_dir="/nowhere", max_bytes=2**28, max_seconds=50),
        pytest.raises(SoundRefused, match="longer than 50 seconds"),
    ):
        transcribe(Recorded(hours))


def test_more_bytes_than_are_taken_are_refused_unread():
    with (
        override_config("speech", stt_base_url="http://127.0.0.1:1/v1", max_bytes=1024),
        pytest.raises(TooLarge, match="1,024"),
    ):
        transcribe(Recorded(bytes(1025)))


def test_without_a_provider_the_setting_is_named():
    with pytest.raises(SpeechOff, match="STT_MODEL_DIR"):
        transcribe(Recorded(b"RIFF"))
    with (
        override_config("speech", tts_enabled=False),
        pytest.raises(SpeechOff, match="TTS_ENABLED"),
    ):
        list(speak(["Hello."]))


@pytest.mark.slow
def test_a_model_folder_that_has_none_is_no_verdict_on_the_sound(tmp_path):
    with (
        override_config("speech", stt_model_dir=str(tmp_path)),
        pytest.raises(SpeechUnavailable),
    ):
        transcribe(Recorded(spoken()))


@pytest.mark.slow
def test_a_truncated_recording_is_heard_as_far_as_it_goes(whisper):
    whole = spoken(form="flac")

    heard = transcribe(Recorded(whole[: len(whole) * 6 // 10]), language="en")

    assert "meeting" in heard.text.lower()
    assert heard.seconds < transcribe(Recorded(whole), language="en").seconds


@pytest.mark.slow
def test_a_long_recording_is_heard_in_pieces_and_gone_on_with(whisper):
    sentence = np.frombuffer(spoken(form="pcm"), "<i2")
    pause = np.zeros(24_000 * 20, np.int16)
    sound = Recorded(wav(np.concatenate([sentence, pause] * 5), rate=24_000))
    found = Transcript()

    pieces = list(hear_recording(sound, found))
    rest = list(hear_recording(sound, Transcript(), skip=pieces[0].end, former="en"))

    assert len(pieces) >= 3
    assert all(one.end == two.start for one, two in itertools.pairwise(pieces))
    assert found.seconds == pytest.approx(pieces[-1].end, abs=0.1)
    starts = [segment.start for piece in pieces for segment in piece.segments]
    assert starts == sorted(starts)
    assert starts[-1] > 80
    assert [piece.segments for piece in rest] == [piece.segments for piece in pieces[1:]]
