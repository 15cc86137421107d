"""Who hears and who speaks, by the settings."""

from __future__ import annotations

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from youworker.core.config import config
from youworker.core.words import phrased
from youworker.upstream.client import unreachable
from youworker.upstream.endpoint import Capability, Endpoint, Timeouts

if TYPE_CHECKING:
    from youworker.core.config.sections import SpeechConfig

# What needs no list of models says so by these.
LISTLESS = ("status 404", "status 405")


class Provider(StrEnum):
    """Who does the work."""

    NONE = "none"
    SERVER = "server"
    WHISPER = "faster-whisper"
    PIPER = "piper"
    ESPEAK = "espeak-ng"


def hearing_provider() -> Provider:
    """Who hears."""
    speech = config.speech
    if speech.stt_base_url:
        return Provider.SERVER
    return Provider.WHISPER if speech.stt_model_dir else Provider.NONE


def speaking_provider() -> Provider:
    """Who speaks."""
    speech = config.speech
    if not speech.tts_enabled:
        return Provider.NONE
    if speech.tts_base_url:
        return Provider.SERVER
    if speech.tts_voices_dir:
        return Provider.PIPER
    return Provider.ESPEAK if find_spec("espeakng_loader") else Provider.NONE


def can_hear() -> bool:
    """Whether speech is understood here."""
    return hearing_provider() != Provider.NONE


def can_speak() -> bool:
    """Whether texts are spoken here."""
    return speaking_provider() != Provider.NONE


def needs_engine() -> bool:
    """Whether this machine does some of the work itself: decoding, at least."""
    return can_hear() or speaking_provider() in (Provider.PIPER, Provider.ESPEAK)


def hearing_endpoint(speech: SpeechConfig) -> Endpoint:
    """The server that hears."""
    timeouts = Timeouts(total=float(speech.work_seconds))
    url = speech.stt_base_url.rstrip("/")
    return Endpoint(url, speech.stt_api_key, Capability.HEARING, timeouts)


def speaking_endpoint(speech: SpeechConfig) -> Endpoint:
    """The server that speaks."""
    timeouts = Timeouts(total=float(speech.work_seconds))
    url = speech.tts_base_url.rstrip("/")
    return Endpoint(url, speech.tts_api_key, Capability.SPEAKING, timeouts)


def trouble_with_hearing() -> str:
    """Why speech would not be understood; empty when nothing is known against it."""
    speech, provider = config.speech, hearing_provider()
    if provider == Provider.SERVER:
        return silence_of(hearing_endpoint(speech))
    if provider == Provider.WHISPER:
        if not Path(speech.stt_model_dir, "model.bin").is_file():
            folder = speech.stt_model_dir
            return phrased("STT_MODEL_DIR: there is no model.bin in %(folder)s", folder=folder)
        if find_spec("faster_whisper") is None:
            return phrased(
                "STT_MODEL_DIR is set, but faster-whisper is not installed: make run installs it"
            )
    return ""


def trouble_with_speaking() -> str:
    """Why texts would not be spoken; empty when nothing is known against it."""
    speech, provider = config.speech, speaking_provider()
    if provider == Provider.SERVER:
        return silence_of(speaking_endpoint(speech))
    if provider == Provider.PIPER:
        if not any(Path(speech.tts_voices_dir).glob("*.onnx")):
            folder = speech.tts_voices_dir
            return phrased(
                "TTS_VOICES_DIR: there is no voice (*.onnx) in %(folder)s", folder=folder
            )
        if find_spec("piper") is None:
            return phrased(
                "TTS_VOICES_DIR is set, but piper-tts is not installed: make run installs it"
            )
    return ""


def silence_of(endpoint: Endpoint) -> str:
    """Why a server does not answer; empty when it does."""
    reason = unreachable(endpoint)
    if not reason or reason in LISTLESS:
        return ""
    # Who refuses is there: its key or its address is wrong.
    if reason.startswith("status "):
        return phrased("%(url)s answers with %(reason)s", url=endpoint.url, reason=reason)
    return phrased("%(url)s does not answer: %(reason)s", url=endpoint.url, reason=reason)


def speech_state() -> dict[str, Any]:
    """Who hears and who speaks, for operators."""
    return {"hearing": str(hearing_provider()), "speaking": str(speaking_provider())}
