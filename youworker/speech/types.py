"""What was heard, and what is to be heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# What speech is written as.
FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A sound that somebody sent: its bytes, or a file of this machine.

    Of samples without a head, `format` is `pcm16`, and `sample_rate` is how many there are in a
    second. `name` is for people and may be empty.
    """

    data: bytes = b""
    path: Path | None = None
    format: str = ""
    sample_rate: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech; times are seconds of the sound."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class HeardPiece:
    """What was said between two seconds of a sound, whose length is 0 while nobody knows it."""

    start: float
    end: float
    total: float
    segments: list[Segment]
    language: str = ""
    confidence: float = 0.0


@dataclass(slots=True)
class Transcript:
    """Everything that was said in a sound."""

    segments: list[Segment] = field(default_factory=list)
    language: str = ""
    # Between 0 and 1; 0 where nobody says how sure they are.
    confidence: float = 0.0
    seconds: float = 0.0
    # A part could not be decoded.
    is_damaged: bool = False

    @property
    def text(self) -> str:
        """What was said, as one text."""
        return " ".join(segment.text for segment in self.segments).strip()
