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
# Who speaks, as Teams writes it: `<v Ada Muster>Hello.</v>`.
VOICE = re.compile(r"<v(?:\.[^\s<>]{0,100}+)?[ \t]++([^<>\n]{1,200}+)>")
# Letters after which a new time begins: about what becomes a passage.
ENOUGH = 600


@kinds.reads(kinds.SRT, kinds.VTT)
def read_subtitles(data: bytes, mime: str) -> Extract:
    """What is said, in parts that have the time at which each begins as heading.

    Who speaks stands before the first words of theirs.
    """
    found, whole = decode(data), Composition()
    time, said, length = "", list[str](), 0
    voice = before = ""
    for start, speaker, words in cues_of(found.text):
        if length >= ENOUGH:
            whole.add("\n".join(said), time, 1)
            said, length = [], 0
        time = time if said else start
        is_other = bool(speaker) and speaker != voice
        # Rolling captions repeat the line before.
        if not said or words != before or is_other:
            is_named = is_other or (bool(speaker) and not said)
            said.append(f"{speaker}: {words}" if is_named else words)
            length += len(said[-1])
        voice, before = speaker or voice, words
    whole.add("\n".join(said), time, 1)
    whole.note(*found.notes)
    return whole.as_extract() if whole.parts else Extract(found.text, notes=found.notes)


def cues_of(text: str) -> Iterator[tuple[str, str, str]]:
    """The times, speakers and words of a file, in order; notes and styles are none."""
    lines = [line.strip() for line in text.split("\n")]
    starts = [at for at, line in enumerate(lines) if TIMES.fullmatch(line)]
    for at in starts:
        end = at + 1
        while end < len(lines) and lines[end]:
            end += 1
        first, *voiced = VOICE.split(" ".join(lines[at + 1 : end]))
        found = TIMES.fullmatch(lines[at])
        for speaker, shown in (("", first), *zip(voiced[::2], voiced[1::2], strict=True)):
            if found and (words := plain(shown)):
                yield full_time(found[1]), plain(speaker), words


def plain(shown: str) -> str:
    """Words without their markup, on one line."""
    return " ".join(html.unescape(MARKUP.sub("", shown)).split())


def full_time(time: str) -> str:
    """A time with hours."""
    parts = time.split(":")
    return ":".join(part.zfill(2) for part in ["0"] * (3 - len(parts)) + parts)
