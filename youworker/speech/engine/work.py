"""What the engine does: hears, decodes and speaks, a piece at a time."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from youworker.speech.engine import decoding, encoding, espeak, piper_voices, whisper
from youworker.speech.engine.exceptions import BROKEN, NO_SPEECH, Trouble
from youworker.speech.engine.pieces import cut
from youworker.speech.engine.turns import Clock, Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import BinaryIO

    from youworker.speech.engine.pieces import Piece

    Answer = Generator[tuple[dict[str, Any], bytes], None, None]

hearing = Turns(most_waiting=16)
speaking = Turns(most_waiting=32)
decoding_turns = Turns(most_waiting=16)
clock = Clock()
# Decoding a minute takes a tenth of a second; a busy machine may take a hundred times as long.
DECODING_SECONDS = 60.0
LONGEST_UTTERANCE = 2000


def answer(head: dict[str, Any], payload: bytes, goes_on: Callable[[], None]) -> Answer:
    """The frames that answer a request; raises `Trouble`.

    `goes_on` raises when nobody waits for them any more.
    """
    work = {"hear": hear, "decode": decode, "speak": speak, "ping": ping}[head["do"]]
    return work(head, payload, goes_on)


def ping(head: dict[str, Any], payload: bytes, goes_on: Callable[[], None]) -> Answer:
    """Say that there is somebody."""
    yield {"pong": True}, b""


def opened(head: dict[str, Any], payload: bytes) -> BinaryIO:
    """The sound of a request: a file of this machine, or what came along."""
    if not head.get("path"):
        return io.BytesIO(payload)
    try:
        return Path(head["path"]).open("rb")
    except OSError as error:
        raise Trouble(BROKEN, "The file cannot be opened.") from error


def pieces_of(
    head: dict[str, Any], payload: bytes, sound: decoding.Sound, goes_on: Callable[[], None]
) -> Iterator[Piece]:
    """The pieces of a request's sound, each decoded when it is wanted."""
    with opened(head, payload) as source:
        blocks = decoding.decode(
            source,
            sound,
            form=head.get("format") or "",
            rate=head.get("sample_rate"),
            most=float(head["most_seconds"]),
        )
        with closing(cut(blocks, skip=float(head.get("skip") or 0))) as pieces:
            while True:
                goes_on()
                with (
                    decoding_turns.take(is_urgent=bool(head.get("urgent"))),
                    clock.limit(DECODING_SECONDS + float(head["most_seconds"]) / 50),
                ):
                    piece = next(pieces, None)
                if piece is None:
                    return
                yield piece


def hear(head: dict[str, Any], payload: bytes, goes_on: Callable[[], None]) -> Answer:
    """What is said in a sound, piece by piece."""
    sound, former = decoding.Sound(), str(head.get("former") or "")
    has_speech = bool(head.get("skip"))
    for piece in pieces_of(head, payload, sound, goes_on):
        with (
            hearing.take(is_urgent=bool(head.get("urgent"))),
            clock.limit(float(head["seconds"])),
        ):
            heard = whisper.hear(
                piece,
                head["model_dir"],
                language=head.get("language") or "",
                former=former,
                goes_on=goes_on,
            )
        former = heard.language or former
        has_speech = has_speech or bool(heard.segments)
        said = {
            "segments": heard.segments,
            "language": heard.language,
            "confidence": heard.confidence,
        }
        yield {**place_of(piece, sound), **said}, b""
    if not has_speech and head.get("urgent"):
        raise Trouble(NO_SPEECH)
    yield {"over": True, "seconds": sound.seconds, "is_damaged": sound.is_damaged}, b""


def decode(head: dict[str, Any], payload: bytes, goes_on: Callable[[], None]) -> Answer:
    """A sound as pieces of FLAC at 16 kHz, for a server that hears them."""
    sound, is_audible = decoding.Sound(), bool(head.get("skip"))
    for piece in pieces_of(head, payload, sound, goes_on):
        is_audible = is_audible or not piece.is_silent
        data = b""
        if not piece.is_silent:
            data = encoding.encoded("flac", decoding.RATE, piece.samples)
        yield place_of(piece, sound), data
    if not is_audible and head.get("urgent"):
        raise Trouble(NO_SPEECH)
    yield {"over": True, "seconds": sound.seconds, "is_damaged": sound.is_damaged}, b""


def place_of(piece: Piece, sound: decoding.Sound) -> dict[str, Any]:
    """Where a piece is in its sound, and how long that says it is; 0 = it does not say."""
    total = sound.declared or 0.0
    return {"start": round(piece.start, 3), "end": round(piece.end, 3), "total": round(total, 1)}


def speak(head: dict[str, Any], payload: bytes, goes_on: Callable[[], None]) -> Answer:
    """Utterances as one file, which is given bit by bit."""
    encoder: encoding.Encoder | None = None
    for text in head["texts"]:
        goes_on()
        with (
            speaking.take(is_urgent=True),
            clock.limit(float(head["seconds"])),
        ):
            samples, rate = spoken(head, text[:LONGEST_UTTERANCE])
            encoder = encoder or encoding.Encoder(head["format"], rate)
            data = encoder.feed(samples)
        yield {"sample_rate": encoder.rate_out}, data
    rest = encoder.finish() if encoder else b""
    yield {"over": True, "sample_rate": encoder.rate_out if encoder else 0}, rest


def spoken(head: dict[str, Any], text: str) -> tuple[Any, int]:
    """The samples of one utterance, by the voice that the request asks for."""
    language, speed = head.get("language") or "", float(head.get("speed") or 1)
    if folder := head.get("voices_dir"):
        return piper_voices.speak(
            text, language, speed, folder=folder, voice=head.get("voice") or ""
        )
    return espeak.speak(text, head.get("voice") or language, speed)
