"""The lines above a message: where they begin in a mailbox, and as people read them."""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

from ingestion.parsing.codepages import codec_of
from ingestion.parsing.decoding import decode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

SHOWN = ("Subject", "From", "To", "Cc", "Date")
# Characters of one line: a message to thousands of people says so in its text.
LONGEST = 4000
# The beginning of an encoded word (RFC 2047, 2231), also where nobody should write one. Its end
# is looked for apart, or many beginnings without an end would take the square of their number.
WORD = re.compile(rb"=\?([\w.:+-]{1,40})(?:\*[\w-]{0,20})?\?([bq])\?", re.I)
NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
# It says nothing: programs that know no better write it over every alphabet.
ASCII_NAMES = {"us-ascii", "ascii"}
# A line with a date that begins a message: at the start or after an empty line, a head below it.
BEGINNING = re.compile(
    rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From (?=[^\n]{0,400}(?:\d:\d\d|(?:19|20)\d\d))[^\n]{1,500}\n"
    rb"(?=>?[A-Za-z][\w-]{0,80}:? )"
)
# Apple Mail writes the size of a message above it, and what it knows about it below.
SIZE = re.compile(rb"\A\s*+(\d{1,10})[ \t]*+\r?\n(?=[\w-]{1,80}:)")
# Such a line within a message has a mark before it, and one more when it had some already.
QUOTED = re.compile(rb"^>(>*From )", re.M)


def header_of(message: Message, name: str) -> str:
    """A line of the head, decoded; several of one name are joined, none is empty."""
    values = [value for key, value in message.raw_items() if key.lower() == name.lower()]
    texts = (decode_header(as_bytes(value), hint=charset_of(message)) for value in values)
    return ", ".join(filter(None, texts))[:LONGEST]


def as_bytes(value: object) -> bytes:
    """A header as it came."""
    return str(value).encode("utf-8", "surrogateescape")


def charset_of(part: Message) -> str:
    """The codec a part of a message names; empty when there is none of that name."""
    label = part.get_content_charset() or ""
    return "" if label in ASCII_NAMES else codec_of(label)


def decode_header(value: bytes, *, hint: str = "") -> str:
    """A header with its encoded words decoded; `hint` is the codec of bytes without a word."""
    runs: list[tuple[str, bytes]] = []
    for codec, piece in pieces(value[: 4 * LONGEST]):
        is_gap = codec is None and not piece.strip() and runs
        if runs and runs[-1][0] == (codec or "") and codec:
            # A character may be divided between two words.
            runs[-1] = (codec, runs[-1][1] + piece)
        elif not is_gap:
            runs.append((codec or "", piece))
    texts = (decode(piece, declared=codec or hint).text for codec, piece in runs)
    return " ".join("".join(texts).split())


def pieces(value: bytes) -> Iterator[tuple[str | None, bytes]]:
    """The bytes of a header, each with its codec; none outside of encoded words."""
    position = 0
    while word := WORD.search(value, position):
        end = value.find(b"?=", word.end())
        if end < 0:
            break
        if word.start() > position:
            yield None, value[position : word.start()]
        yield codec_of(word[1].decode("ascii")), unpacked(word[2], value[word.end() : end])
        position = end + 2
    if position < len(value):
        yield None, value[position:]


def unpacked(way: bytes, payload: bytes) -> bytes:
    """The bytes an encoded word stands for."""
    if way in b"qQ":
        return binascii.a2b_qp(payload, header=True)
    letters = NO_BASE64.sub(b"", payload)
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def without_size(data: bytes) -> bytes:
    """A message of Apple Mail (`.emlx`) by itself; any other as it is."""
    found = SIZE.match(data)
    return data[found.end() : found.end() + int(found[1])] if found else data


def is_mailbox(head: bytes) -> bool:
    """Whether something begins with the line that begins a message in a mailbox."""
    return bool(BEGINNING.match(head))


def split_mailbox(data: bytes) -> Iterator[bytes]:
    """The messages of a mailbox file, in order."""
    starts = list(BEGINNING.finditer(data))
    for number, start in enumerate(starts):
        end = starts[number + 1].start() if number + 1 < len(starts) else len(data)
        yield QUOTED.sub(rb"\1", data[start.end() : end])
