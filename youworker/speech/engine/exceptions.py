"""Why a sound cannot be heard, or a text not spoken: a code, for whoever words it."""

from __future__ import annotations

# Of the sound.
DAMAGED = "damaged_sound"
NO_SOUND = "no_sound"
NO_SPEECH = "no_speech"
UNKNOWN_FORMAT = "unknown_sound_format"
WRONG_RATE = "wrong_sample_rate"
TOO_LONG = "sound_too_long"
# Of the engine.
BUSY = "speech_busy"
NO_MODEL = "speech_model_missing"
BROKEN = "speech_failed"


class Trouble(Exception):
    """What a caller is told instead of a result."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail = code, detail
