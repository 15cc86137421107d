"""Text to speech: by the voices of this machine, or by a server."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from youworker.core.config import config
from youworker.speech.configured import Provider, speaking_provider
from youworker.speech.exceptions import NO_SPEAKING, SpeechOff
from youworker.speech.link import ask_engine
from youworker.speech.servers import speak_by_server

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

MIMES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
SLOWEST, FASTEST = 0.25, 4.0
# Samples a second of files that we make as MP3, and that servers do.
SAMPLE_RATE = 24_000


def require_speaking() -> None:
    """Raise `SpeechOff` when nobody speaks."""
    if speaking_provider() == Provider.NONE:
        raise SpeechOff(NO_SPEAKING)


def speak(
    texts: Sequence[str],
    *,
    form: str = "mp3",
    language: str = "",
    voice: str = "",
    speed: float = 1.0,
    goes_on: Callable[[], None] | None = None,
) -> Generator[bytes, None, None]:
    """One file in which texts are spoken, as it is made; blocks for a fraction of its time.

    Raises `SpeechOff`, `SpeechBusy` and `SpeechUnavailable`, all before the first byte where that
    is possible.
    """
    require_speaking()
    if speaking_provider() == Provider.SERVER:
        yield from speak_by_server("\n".join(texts), form=form, voice=voice, speed=speed)
        return
    speech = config.speech
    head = {
        "do": "speak",
        "texts": list(texts),
        "format": form,
        "language": language,
        "voice": known_voice(voice),
        "voices_dir": speech.tts_voices_dir,
        "speed": min(max(speed, SLOWEST), FASTEST),
    }
    with closing(ask_engine(head, goes_on=goes_on)) as frames:
        for _, data in frames:
            if data:
                yield data


def known_voice(voice: str) -> str:
    """The voice that is asked for, as far as there is one; OpenAI's names mean the usual one."""
    if speaking_provider() == Provider.PIPER:
        return voice or config.speech.tts_voice
    # eSpeak's voices are named by languages, as it and en-gb.
    return voice if len(voice.partition("-")[0]) in (2, 3) and voice not in ("ash",) else ""
