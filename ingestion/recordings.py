"""Recordings as documents: passages of what was said, each with the second at which it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from documents.types import PassageDraft
from ingestion.parsing.subtitles import ENOUGH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from youworker.speech.types import Segment

# By FFmpeg's reader: what a file of that form is as sound, and as film.
MIMES = {
    "wav": ("audio/wav", "audio/wav"),
    "avi": ("video/x-msvideo", "video/x-msvideo"),
    "matroska": ("audio/webm", "video/webm"),
    "ogg": ("audio/ogg", "video/ogg"),
    "flac": ("audio/flac", "audio/flac"),
    "mov": ("audio/mp4", "video/mp4"),
    "aiff": ("audio/aiff", "audio/aiff"),
    "amr": ("audio/amr", "audio/amr"),
    "asf": ("audio/x-ms-wma", "video/x-ms-wmv"),
    "mpeg": ("video/mpeg", "video/mpeg"),
    "flv": ("video/x-flv", "video/x-flv"),
    "mpegts": ("video/mp2t", "video/mp2t"),
    "aac": ("audio/aac", "audio/aac"),
    "mp3": ("audio/mpeg", "audio/mpeg"),
}
SOUND_ENDINGS = {"weba", "mka", "m4a", "m4b", "oga", "opus", "ogg", "wma"}
# Seconds: a citation leads to the second at which its passage begins.
LONGEST_PASSAGE, LONGEST_SILENCE = 60, 10
HOUR, MINUTE = 3600, 60


def mime_of(reader: str, name: str, declared: str) -> str:
    """The type of a recording, by its first bytes and its name; containers may hold films."""
    sound, film = MIMES[reader]
    ending = name.rpartition(".")[2].lower()
    return sound if ending in SOUND_ENDINGS or declared.startswith("audio/") else film


def passages_of(segments: Sequence[Segment]) -> list[PassageDraft]:
    """What was said, in passages under the time at which each begins."""
    drafts: list[PassageDraft] = []
    start = 0
    for ordinal, group in enumerate(groups_of(segments)):
        text = " ".join(one.text for one in group)
        second = int(group[0].start)
        end = start + len(text)
        drafts.append(PassageDraft(ordinal, text, clock(second), None, start, end, second))
        start = end + 2
    return drafts


def groups_of(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """Stretches that make about one passage each."""
    group: list[Segment] = []
    length = 0
    for segment in segments:
        if group and is_apart(group, segment):
            yield group
            group, length = [], 0
        group.append(segment)
        length += len(segment.text) + 1
        if length >= ENOUGH:
            yield group
            group, length = [], 0
    if group:
        yield group


def is_apart(group: Sequence[Segment], segment: Segment) -> bool:
    """Whether a stretch comes so late that somebody led to its passage would have to wait."""
    is_late = segment.start - group[0].start >= LONGEST_PASSAGE
    return is_late or segment.start - group[-1].end >= LONGEST_SILENCE


def clock(seconds: float) -> str:
    """A time as people read it on a player."""
    whole = int(seconds)
    return f"{whole // HOUR:02}:{whole % HOUR // MINUTE:02}:{whole % MINUTE:02}"
