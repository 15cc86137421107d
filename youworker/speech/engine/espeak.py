"""eSpeak NG by its C interface: small, fast, and in any language.

The library is under the GPL and is written in C, so it is loaded in the engine's process only.
"""

from __future__ import annotations

import ctypes
import threading
from functools import cache
from typing import Any

import numpy as np

from youworker.speech.engine.exceptions import BROKEN, NO_MODEL, Trouble

# From speak_lib.h.
SYNCHRONOUS = 2
DONT_EXIT = 0x8000
POSITION_IS_CHARACTERS = 1
TEXT_IS_UTF8 = 1
PARAMETER_RATE = 1
FAILED = -1
BUFFER_MS = 200
# Words a minute.
USUAL_RATE, SLOWEST, FASTEST = 165, 80, 450
VOICES = {"en": "en-us", "pt": "pt", "zh": "cmn", "no": "nb"}
TAKES_SAMPLES = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)
# The library has one state for a whole process.
speaking = threading.Lock()


@cache
def library() -> tuple[Any, int]:
    """The library and the samples a second it makes."""
    try:
        import espeakng_loader  # noqa: PLC0415 -- an installation may do without it
    except ImportError as error:
        raise Trouble(NO_MODEL, "espeakng-loader") from error
    lib = ctypes.CDLL(espeakng_loader.get_library_path())
    data = espeakng_loader.get_data_path().encode()
    rate = int(lib.espeak_Initialize(SYNCHRONOUS, BUFFER_MS, data, DONT_EXIT))
    if rate == FAILED:
        raise Trouble(BROKEN, "eSpeak NG cannot be started.")
    return lib, rate


def speak(text: str, language: str, speed: float) -> tuple[np.ndarray, int]:
    """The samples of a text, and how many there are in a second; raises `Trouble`."""
    with speaking:
        lib, rate = library()
        made = bytearray()

        @TAKES_SAMPLES
        def take(samples: Any, count: int, _events: Any) -> int:
            if samples and count > 0:
                made.extend(ctypes.string_at(samples, 2 * count))
            return 0

        lib.espeak_SetSynthCallback(take)
        if not is_known(lib, language):
            lib.espeak_SetVoiceByName(VOICES["en"].encode())
        words = min(max(round(USUAL_RATE * speed), SLOWEST), FASTEST)
        lib.espeak_SetParameter(PARAMETER_RATE, words, 0)
        # Neither SSML nor phonemes: what a text says is said.
        data = text.replace("\0", " ").encode() + b"\0"
        code = lib.espeak_Synth(
            data, len(data), 0, POSITION_IS_CHARACTERS, 0, TEXT_IS_UTF8, None, None
        )
    if code:
        raise Trouble(BROKEN, f"eSpeak NG gave {code}.")
    return np.frombuffer(bytes(made), "<i2"), rate


def is_known(lib: Any, language: str) -> bool:
    """Choose the voice of a language; false when there is none."""
    name = VOICES.get(language, language)
    return bool(name) and lib.espeak_SetVoiceByName(name.encode()) == 0
