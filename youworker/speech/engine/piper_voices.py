"""Piper's voices: files `LANGUAGE_REGION-NAME-QUALITY.onnx`, each with its `.onnx.json`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from youworker.speech.engine.exceptions import NO_MODEL, Trouble

# Of 60 MB each.
MOST_LOADED = 3


def voice_for(folder: str, language: str, voice: str) -> Path:
    """The file of a voice by its name, else of a language, else any; raises `Trouble`."""
    files = sorted(Path(folder).glob("*.onnx"))
    named = [path for path in files if voice and path.stem == voice]
    speaks = [path for path in files if path.stem.lower().startswith(language.lower())]
    chosen = named or (speaks if language else []) or files
    if not chosen:
        raise Trouble(NO_MODEL, folder)
    return chosen[0]


@lru_cache(maxsize=MOST_LOADED)
def loaded(path: Path) -> Any:
    """A voice; raises `Trouble` where Piper is not installed."""
    try:
        from onnxruntime.capi import onnxruntime_pybind11_state as onnx  # noqa: PLC0415
        from piper import PiperVoice  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise Trouble(NO_MODEL, "piper-tts") from error
    # What a damaged file raises; these have no class of their own above them.
    damaged = (onnx.Fail, onnx.InvalidArgument, onnx.InvalidGraph, onnx.InvalidProtobuf)
    try:
        return PiperVoice.load(path)
    except (OSError, ValueError, KeyError, *damaged) as error:
        raise Trouble(NO_MODEL, str(path)) from error


def speak(
    text: str, language: str, speed: float, *, folder: str, voice: str
) -> tuple[np.ndarray, int]:
    """The samples of a text, and how many there are in a second; raises `Trouble`."""
    chosen = loaded(voice_for(folder, language, voice))
    from piper import SynthesisConfig  # noqa: PLC0415 -- an extra

    chunks = list(chosen.synthesize(text, SynthesisConfig(length_scale=1 / speed)))
    rate = int(chosen.config.sample_rate)
    if not chunks:
        return np.zeros(0, np.int16), rate
    return np.concatenate([chunk.audio_int16_array for chunk in chunks]), rate
