"""Transcripts in the forms that OpenAI's clients ask for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from youworker.speech.types import Segment, Transcript


def rendered_transcript(heard: Transcript, form: str) -> dict[str, Any] | str:
    """A transcript: an object where that is JSON, else a text."""
    if form == "json":
        return {"text": heard.text}
    if form == "verbose_json":
        return verbose(heard)
    if form == "srt":
        return "\n".join(subtitles(heard, comma=","))
    if form == "vtt":
        return "\n".join(["WEBVTT", "", *subtitles(heard, comma=".", numbered=False)])
    return f"{heard.text}\n"


def verbose(heard: Transcript) -> dict[str, Any]:
    """A transcript with all that is known of it."""
    sureness = math.log(heard.confidence) if heard.confidence else 0.0
    return {
        "task": "transcribe",
        "language": heard.language,
        "duration": round(heard.seconds, 3),
        "text": heard.text,
        "segments": [
            {
                "id": number,
                "seek": 0,
                "start": segment.start,
                "end": segment.end,
                "text": segment.text,
                # What clients expect there, and nobody told us.
                "tokens": [],
                "temperature": 0.0,
                "avg_logprob": round(sureness, 3),
                "compression_ratio": 1.0,
                "no_speech_prob": 0.0,
            }
            for number, segment in enumerate(heard.segments)
        ],
    }


def subtitles(heard: Transcript, *, comma: str, numbered: bool = True) -> Iterator[str]:
    """The lines of subtitles."""
    for number, segment in enumerate(heard.segments, 1):
        if numbered:
            yield str(number)
        yield times_of(segment, comma)
        # An arrow within a text would be taken for times.
        yield segment.text.replace("-->", "→")
        yield ""


def times_of(segment: Segment, comma: str) -> str:
    """When a stretch begins and ends."""
    return f"{clock(segment.start, comma)} --> {clock(segment.end, comma)}"


def clock(seconds: float, comma: str) -> str:
    """A second as hours, minutes, seconds and thousandths."""
    total = max(0, round(seconds * 1000))
    minutes, thousandths = divmod(total, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{thousandths // 1000:02}{comma}{thousandths % 1000:03}"
