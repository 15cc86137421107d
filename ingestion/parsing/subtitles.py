"""Subtitles: what is said, under the times at which it is."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.composing import Composition
from ingestion.parsing.decoding import decode
from ingestion.parsing.types import Extract

if TYPE_CHECKING:
    from collections.abc import Iterator

# `00:01:02,500 --> 00:01:04,000`, with a point and without hours in WebVTT.
TIMES = re.compile(r"((?:\d{1,3}:)?\d{1,2}:\d{2})[.,]\d{1,3}[ \t]++-->[ \t]++[\d:.,]++[^\n]*+")
MARKUP = re.compile(r"<[^<>\n]{0,200}+>|\{\\[^{}\n]{0,200}+\}")
# Letters after which a new time begins: about what becomes a passage.
ENOUGH = 600


@kinds.reads(kinds.SRT, kinds.VTT)
def read_subtitles(data: bytes, mime: str) -> Extract:
    """What is said, in parts that have the time at which each begins as heading."""
    found, whole = decode(data), Composition()
    time, said, length = "", list[str](), 0
    for start, text in cues_of(found.text):
        if length >= ENOUGH:
            whole.add("\n".join(said), time, 1)
            said, length = [], 0
        time = time if said else start
        # Rolling captions repeat the line before.
        if not said or said[-1] != text:
            said.append(text)
            length += len(text)
    whole.add("\n".join(said), time, 1)
    whole.note(*found.notes)
    return whole.as_extract() if whole.parts else Extract(found.text, notes=found.notes)


def cues_of(text: str) -> Iterator[tuple[str, str]]:
    """The times and texts of a file, in order; notes and styles are none."""
    lines = [line.strip() for line in text.split("\n")]
    starts = [at for at, line in enumerate(lines) if TIMES.fullmatch(line)]
    for at in starts:
        end = at + 1
        while end < len(lines) and lines[end]:
            end += 1
        shown = " ".join(lines[at + 1 : end])
        found = TIMES.fullmatch(lines[at])
        words = " ".join(html.unescape(MARKUP.sub("", shown)).split())
        if found and words:
            yield full_time(found[1]), words


def full_time(time: str) -> str:
    """A time with hours."""
    parts = time.split(":")
    return ":".join(part.zfill(2) for part in ["0"] * (3 - len(parts)) + parts)
