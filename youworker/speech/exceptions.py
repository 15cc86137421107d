"""Why something is not heard, or not spoken."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from youworker.core.exceptions import BadRequest, DomainError, UpstreamUnavailable
from youworker.speech.engine import exceptions as engine


class SpeechOff(BadRequest):
    """Nobody was set up to do it; the sentence names the setting."""

    code = "speech_off"


class SpeechBusy(UpstreamUnavailable):
    """Too many wait for their turn."""

    code = "speech_busy"


class SpeechUnavailable(UpstreamUnavailable):
    """Whoever does the work does not answer, or could not do it."""


class SpeechLost(SpeechUnavailable):
    """Whoever did the work ended in the middle of it; what was asked may be the reason."""


class SoundRefused(DomainError):
    """A sound from which nothing can be heard, however often it is sent."""

    code, status = "sound_refused", 422

    def __init__(self, message: str, *, reason: str, **details: object) -> None:
        super().__init__(message, **details)
        self.reason = reason


NO_HEARING = gettext_noop(
    "This installation does not understand speech: neither STT_BASE_URL nor STT_MODEL_DIR is set."
)
NO_SPEAKING = gettext_noop("This installation does not speak: TTS_ENABLED is off.")
# Of a sound, by what the engine calls it.
REFUSALS = {
    engine.DAMAGED: gettext_noop("This recording is damaged, or has no end."),
    engine.NO_SOUND: gettext_noop("There is no sound in this file."),
    engine.NO_SPEECH: gettext_noop("Nothing that was said could be heard."),
    engine.UNKNOWN_FORMAT: gettext_noop(
        "This is no recording in a known format: WAV, WebM, Ogg, MP3, FLAC, M4A."
    ),
    engine.WRONG_RATE: gettext_noop("The sample rate must be between 8000 and 48000."),
    engine.TOO_LONG: gettext_noop("The recording is longer than %(most)s seconds."),
}


def refusal_of(code: str, detail: str) -> DomainError:
    """What a code of the engine means to whoever asked."""
    if code in REFUSALS:
        return SoundRefused(REFUSALS[code], reason=code, most=detail)
    if code == engine.BUSY:
        return SpeechBusy("Too many people are speaking at this moment; try again in a moment.")
    if code == engine.NO_MODEL:
        return SpeechUnavailable("The model for speech cannot be loaded: see the log.")
    return SpeechUnavailable("The speech could not be processed.")
