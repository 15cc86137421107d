"""JSON and its relatives as text: each line on its own, whatever its neighbours are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.decoding import decode
from ingestion.parsing.embedded import without_files
from ingestion.parsing.escapes import unescaped_json
from ingestion.parsing.types import LONGEST_TEXT, Extract

if TYPE_CHECKING:
    from collections.abc import Iterator

# Lines of people and programs that break lines are shorter.
LONG_LINE = 2000
DEEPEST_INDENT = 12
OPENING = {"{", "["}
CLOSING = {"}", "]"}
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?+|[{}\[\],:]|[^"{}\[\],:\s]++', re.S)


@kinds.reads(kinds.JSON, kinds.JSON_LINES, kinds.GEOJSON)
def read_json(data: bytes, mime: str) -> Extract:
    """JSON with letters for escapes; long lines are broken where objects and their members begin.

    It is not interpreted: doubled keys, long numbers, comments and damaged lines stay as they are.
    """
    found = decode(data)
    text, left_out = without_files(found.text)
    lines = (laid_out(line) if len(line) > LONG_LINE else line for line in text.split("\n"))
    return Extract(unescaped_json("\n".join(lines)), notes=[*found.notes, *left_out])


def laid_out(line: str) -> str:
    """One line of JSON as several: each member of an object on its own, lists of numbers on one."""
    parts: list[str] = []
    length = 0
    for part in layout(line):
        parts.append(part)
        length += len(part)
        if length > LONGEST_TEXT:
            break
    return "".join(parts)


def layout(line: str) -> Iterator[str]:
    """The pieces of a line, and between them blanks and line ends."""
    # For everything that is open: whether its members have lines of their own.
    spread: list[bool] = []
    last = ""
    for found in TOKEN.finditer(line):
        piece = found[0]
        if piece in CLOSING:
            is_broken = bool(spread) and spread.pop() and last not in OPENING
        elif last in OPENING or last == ",":
            is_broken = bool(spread) and spread[-1]
        else:
            is_broken = not spread and last in CLOSING
        if is_broken:
            yield "\n" + " " * min(len(spread), DEEPEST_INDENT)
        elif last in {",", ":"}:
            yield " "
        yield piece
        if piece in OPENING:
            spread.append(piece == "{" or holds_records(line[found.end() : found.end() + 20]))
        last = piece


def holds_records(text: str) -> bool:
    """Whether a list that goes on like this is one of objects, or of rows with words."""
    return text.lstrip().startswith("{") or text.replace(" ", "").startswith('["')
