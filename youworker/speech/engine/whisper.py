"""Whisper by faster-whisper: what is said in a piece, and when."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from youworker.speech.engine.exceptions import NO_MODEL, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from youworker.speech.engine.pieces import Piece

# A guess that is less sure than this gives way to the language of the piece before.
SURE = 0.7
# Whisper invents words where nothing is said: it is unsure of them, or repeats itself.
UNSURE = -1.0
SILENCE = 0.6
BEAMS = 3
# Where the model is unsure, it tries again with more chance; each time costs as much as the first.
TEMPERATURES = (0.0, 0.4, 0.8)


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said in a piece; times are seconds of the whole sound."""

    segments: list[dict[str, Any]] = field(default_factory=list)
    language: str = ""
    # Between 0 and 1: how sure the model is of its words.
    confidence: float = 0.0


@lru_cache(maxsize=1)
def loaded(folder: str) -> Any:
    """The model in a folder; raises `Trouble`."""
    if not Path(folder, "model.bin").is_file():
        raise Trouble(NO_MODEL, folder)
    try:
        from faster_whisper import WhisperModel  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise Trouble(NO_MODEL, "faster-whisper") from error
    try:
        return WhisperModel(folder, compute_type="int8", local_files_only=True)
    except (RuntimeError, ValueError, OSError) as error:
        raise Trouble(NO_MODEL, folder) from error


def hear(
    piece: Piece, folder: str, *, language: str, former: str, goes_on: Callable[[], None]
) -> Heard:
    """What is said in a piece, in a given language or in the one it sounds like.

    `goes_on` is called after each stretch; what it raises ends the work.
    """
    model = loaded(folder)
    if piece.is_silent:
        return Heard(language=language or former)
    if language not in model.supported_languages:
        language = ""
    sound = piece.samples.astype(np.float32) / 32768.0
    if not language and former:
        found, probability, _ = model.detect_language(sound, vad_filter=True)
        language = found if probability >= SURE else former
    stretches, info = model.transcribe(
        sound,
        language=language or None,
        beam_size=BEAMS,
        temperature=list(TEMPERATURES),
        vad_filter=True,
        condition_on_previous_text=False,
    )
    segments, weights = [], []
    for one in stretches:
        goes_on()
        if is_invented(one):
            continue
        text = one.text.strip()
        if text:
            start, end = piece.start + one.start, piece.start + one.end
            segments.append({"start": round(start, 2), "end": round(end, 2), "text": text})
            weights.append((one.avg_logprob, one.end - one.start))
    return Heard(segments, info.language, confidence_of(weights))


def is_invented(stretch: Any) -> bool:
    """Whether the model most likely heard words where there are none."""
    return bool(stretch.avg_logprob < UNSURE and stretch.no_speech_prob > SILENCE)


def confidence_of(weights: list[tuple[float, float]]) -> float:
    """The mean probability of the words, by their length in time."""
    total = sum(seconds for _, seconds in weights)
    if not total:
        return 0.0
    return round(math.exp(sum(value * seconds for value, seconds in weights) / total), 3)
