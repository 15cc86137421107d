"""RTF files before their extractor reads them, which keeps what was deleted and loses notes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Bytes that follow `\bin` are none of the source.
SIGN = re.compile(rb"\\bin(?P<count>\d{1,9}) ?|\\[\\{}]|(?P<open>\{)|(?P<close>\})")
DESTINATION = re.compile(
    rb"\{\s*+(?:\\\*\s*+)?+\\(deleted|footnote|annotation|shptxt)(?![a-z])(?:-?\d++)? ?"
)
NEW_LINE = rb"\par\pard\plain "
# Marks within notes, and what would begin a paragraph behind their numbers.
BREAKS = re.compile(rb"\\(?:chftn|chatn|pard|par|plain|tab)(?![a-z]) ?")
# What the extractor would show as marks around words; a longer or shorter file would have other
# bytes behind `\bin`.
LINES = re.compile(rb"(?<!\\)((?:\\\\)*+)\\(?:ul|st(?=rike))")


def unmarked(data: bytes) -> bytes:
    """The file without lines below and through words."""
    return LINES.sub(rb"\1\\zz", data)


def with_notes(data: bytes) -> bytes:
    """The file without what was deleted; notes, comments and boxes stand behind its text."""
    body: list[bytes] = []
    notes: list[bytes] = []
    place = count = 0
    for start, end, kind, content in destinations_in(data):
        body.append(data[place:start])
        place = end
        if kind == b"footnote":
            # The extractor counts the marks, also those of notes.
            count += 1
            notes += [NEW_LINE, b"[^%d]: {" % count, BREAKS.sub(b" ", content)]
        elif kind == b"annotation":
            notes += [NEW_LINE, b"[Comment: {", BREAKS.sub(b" ", content[:-1]), b"]}"]
        elif kind == b"shptxt":
            notes += [NEW_LINE, b"{", content]
    if not body:
        return data
    rest = data[place:]
    last = rest.rfind(b"}")
    return b"".join((*body, rest[:last], *notes, rest[last:])) if last >= 0 else data


def destinations_in(data: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """Where outermost groups of such kinds begin and end, what they are and what they hold."""
    depth, found, opened, place = 0, None, 0, 0
    while sign := SIGN.search(data, place):
        place = sign.end() + int(sign["count"] or 0)
        if sign["open"]:
            depth += 1
            if found is None and (found := DESTINATION.match(data, sign.start())):
                opened = depth
        elif sign["close"]:
            if found is not None and depth == opened:
                yield found.start(), place, found[1], data[found.end() : place]
                found = None
            depth -= 1
