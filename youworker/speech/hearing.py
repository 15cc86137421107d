"""Speech to text: by the model of this machine, or by a server."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from youworker.core.config import config
from youworker.core.exceptions import TooLarge
from youworker.speech.configured import Provider, hearing_provider
from youworker.speech.engine.exceptions import NO_SPEECH
from youworker.speech.exceptions import (
    NO_HEARING,
    SoundRefused,
    SpeechOff,
    refusal_of,
)
from youworker.speech.link import ask_engine
from youworker.speech.servers import ServerEar
from youworker.speech.types import HeardPiece, Segment, Transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from youworker.speech.types import Recorded


def require_hearing() -> None:
    """Raise `SpeechOff` when nobody hears."""
    if hearing_provider() == Provider.NONE:
        raise SpeechOff(NO_HEARING)


def transcribe(
    recorded: Recorded,
    *,
    language: str = "",
    likely: str = "",
    goes_on: Callable[[], None] | None = None,
) -> Transcript:
    """Everything that is said in a short sound; blocks for about a tenth of its time.

    It is heard in `language`, else in what it sounds like, or in the `likely` one where that is
    not clear, as in a few words. Raises `SpeechOff`, `TooLarge`, `SoundRefused` (also when nothing
    is said), `SpeechBusy` and `SpeechUnavailable`.
    """
    require_hearing()
    speech = config.speech
    if len(recorded.data) > speech.max_bytes:
        raise TooLarge("The recording has more than %(most)s bytes.", most=f"{speech.max_bytes:,}")
    found, weights = Transcript(), list[tuple[float, float]]()
    head = request_for(recorded, most_seconds=speech.max_seconds, language=language)
    head |= {"urgent": True, "former": likely}
    for piece in heard_pieces(head, recorded.data, found, goes_on):
        found.segments += piece.segments
        found.language = found.language or piece.language
        weights.append((piece.confidence, piece.end - piece.start))
    if not found.text:
        raise refusal_of(NO_SPEECH, "")
    total = sum(seconds for confidence, seconds in weights if confidence)
    if total:
        found.confidence = round(sum(c * seconds for c, seconds in weights) / total, 3)
    return found


def hear_recording(
    recorded: Recorded,
    found: Transcript,
    *,
    skip: float = 0.0,
    former: str = "",
    goes_on: Callable[[], None] | None = None,
) -> Generator[HeardPiece, None, None]:
    """The pieces of a long sound from a second on, as they are heard; `found` gets its length.

    Others, who wait for an answer, come first. `former` is the language so far. Raises what
    `transcribe` does, but for silence.
    """
    require_hearing()
    head = request_for(recorded, most_seconds=config.speech.recording_seconds)
    head |= {"skip": skip, "former": former}
    yield from heard_pieces(head, recorded.data, found, goes_on)


def request_for(recorded: Recorded, *, most_seconds: int, language: str = "") -> dict[str, Any]:
    """What the engine is told about a sound."""
    return {
        "path": str(recorded.path) if recorded.path else None,
        "format": recorded.format,
        "sample_rate": recorded.sample_rate,
        "most_seconds": most_seconds,
        "language": language,
    }


def heard_pieces(
    head: dict[str, Any],
    payload: bytes,
    found: Transcript,
    goes_on: Callable[[], None] | None,
) -> Generator[HeardPiece, None, None]:
    """The pieces of a sound with what is said in them."""
    is_remote = hearing_provider() == Provider.SERVER
    head["do"] = "decode" if is_remote else "hear"
    head["model_dir"] = config.speech.stt_model_dir
    with closing(ask_engine(head, payload, goes_on=goes_on)) as frames:
        ear = ServerEar(head["language"], former=head.get("former", "")) if is_remote else None
        for frame, data in frames:
            if frame.get("over"):
                found.seconds, found.is_damaged = frame["seconds"], frame["is_damaged"]
            elif ear is not None:
                yield ear.hear(frame, data)
            else:
                yield heard_of(frame)


def heard_of(frame: dict[str, Any]) -> HeardPiece:
    """A frame of the engine as what was heard."""
    segments = [Segment(**segment) for segment in frame["segments"]]
    return HeardPiece(
        frame["start"],
        frame["end"],
        frame["total"],
        segments,
        frame["language"],
        frame["confidence"],
    )


def is_verdict(error: Exception) -> bool:
    """Whether a sound was refused for what it is, so that trying again is of no use."""
    return isinstance(error, SoundRefused)
