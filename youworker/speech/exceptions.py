"""Why something is not heard, or not spoken."""

from __future__ import annotations

from youworker.core.exceptions import DomainError, Unavailable, UpstreamUnavailable
from youworker.speech.engine import trouble


class SpeechOff(Unavailable):
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


NO_HEARING = "This installation does not understand speech: STT_BASE_URL or STT_MODEL_DIR is not set."
NO_SPEAKING = "This installation does not speak: TTS_ENABLED is off."


def refusal_of(code: str, detail: str) -> DomainError:
    """What a code of the engine means to whoever asked."""
    if code == trouble.BUSY:
        return SpeechBusy("Too many people are speaking at this moment; try again in a moment.")
    if code == trouble.NO_MODEL:
        return SpeechUnavailable("The model for speech cannot be loaded: see the log.")
    return refused_sound(code, detail) or SpeechUnavailable("The speech could not be processed.")


def refused_sound(code: str, detail: str) -> SoundRefused | None:
    """The refusal of a sound by its code; None when it is not the sound that is at fault."""
    if code == trouble.DAMAGED:
        return SoundRefused("This recording is damaged, or has no end.", reason=code)
    if code == trouble.NO_SOUND:
        return SoundRefused("There is no sound in this file.", reason=code)
    if code == trouble.NO_SPEECH:
        return SoundRefused("Nothing that was said could be heard.", reason=code)
    if code == trouble.UNKNOWN_FORMAT:
        return SoundRefused(
            "This is no recording in a known format: WAV, WebM, Ogg, MP3, FLAC, M4A.", reason=code
        )
    if code == trouble.WRONG_RATE:
        slowest, _, fastest = detail.partition(" ")
        return SoundRefused(
            "The sample rate must be between %(slowest)s and %(fastest)s.",
            reason=code,
            slowest=slowest or "8000",
            fastest=fastest or "48000",
        )
    if code == trouble.TOO_LONG:
        return SoundRefused(
            "The recording is longer than %(most)s seconds.", reason=code, most=detail
        )
    return None
