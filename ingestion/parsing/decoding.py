"""Bytes to characters: the one way every format made of characters is read."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import webencodings

from ingestion.parsing.codepages import WIDE, decoded
from ingestion.parsing.embedded import without_controls
from ingestion.parsing.guessing import escaped_encoding, guess_encoding, wide_encoding
from ingestion.parsing.sentences import DAMAGED_LETTER, DAMAGED_LETTERS, GUESSED_LETTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
# Where a machine went down while it wrote, or what fills the last block of a tape.
PADDING = re.compile(rb"\x00{8,}+|\x00++\Z")
LOST = "\ufffd"
# A declared encoding that explains fewer of the letters beyond ASCII is a false one.
BELIEVED = 0.8
# So many letters of two bytes and more make valid UTF-8 by no chance.
SURE = 4


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, with the encoding it was read in and how many characters are damaged."""

    text: str
    encoding: str
    is_guess: bool = False
    damaged: int = 0

    @property
    def notes(self) -> list[str]:
        """What the owner of a file should know about how it was read, in sentences."""
        return list(self.sentences())

    def sentences(self) -> Iterator[str]:
        """One sentence for a guess, one for damage."""
        if self.is_guess:
            name = label_of(self.encoding)
            yield GUESSED_LETTERS.format(encoding=name)
        if self.damaged:
            one, several = DAMAGED_LETTER, DAMAGED_LETTERS
            yield one if self.damaged == 1 else several.format(count=self.damaged)


def decode(data: bytes, *, declared: str = "") -> Decoded:
    """The text of a file; `declared` is the codec that the file or its sender names.

    Line ends become `\\n`; what steers a terminal goes. What cannot be decoded becomes the
    replacement character.
    """
    # Nothing that is announced in letters of one byte is made of units of two.
    if 0 in data and not wide_encoding(data):
        data = PADDING.sub(b"", data)
    found = read(data, "" if WIDE.match(declared) else declared)
    text = found.text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    shown = CONTROLS.sub(LOST, without_controls(text))
    return Decoded(shown, found.encoding, found.is_guess, found.damaged)


def read(data: bytes, declared: str) -> Decoded:
    """The characters by mark, shape, declaration, trial and guess, in this order."""
    for mark, codec in MARKS:
        if data.startswith(mark) and (codec[:6] != "utf-32" or len(data) % 4 == 0):
            return damaged_as(data[len(mark) :], codec)
    codec = escaped_encoding(data) or wide_encoding(data)
    if codec:
        return damaged_as(data, codec)
    if data.isascii() and not declared:
        return Decoded(data.decode("ascii"), "utf-8")
    as_utf8 = damaged_as(data, "utf-8")
    if declared and believes(found := damaged_as(data, declared), as_utf8):
        return found
    return as_utf8 if believed(as_utf8) else guessed(data, as_utf8)


def believes(declared: Decoded, as_utf8: Decoded) -> bool:
    """Whether a declared encoding is the one; UTF-8 that is said to be another shows itself.

    Two Chinese characters may look like UTF-8 by chance, one Western letter hardly ever.
    """
    needed = 1 if is_of_one_byte(declared.encoding) else SURE
    is_utf8 = not as_utf8.damaged and beyond_ascii(as_utf8.text) >= needed
    return believed(declared) and not is_utf8


def guessed(data: bytes, as_utf8: Decoded) -> Decoded:
    """The text as it looks most likely; damaged UTF-8 when nothing explains more of it."""
    found = damaged_as(data, guess_encoding(data))
    if as_utf8.damaged < found.damaged:
        return as_utf8
    return Decoded(found.text, found.encoding, is_guess=True, damaged=found.damaged)


def damaged_as(data: bytes, codec: str) -> Decoded:
    """The bytes read in one encoding."""
    text = decoded(data, codec)
    meant = data.count(b"\xef\xbf\xbd") if codec == "utf-8" else 0
    return Decoded(text, codec, damaged=max(0, text.count(LOST) - meant))


def believed(found: Decoded) -> bool:
    """Whether most letters beyond ASCII were read."""
    if not found.damaged:
        return True
    beyond = beyond_ascii(found.text)
    wanted = 0.5 if found.encoding == "utf-8" else BELIEVED
    return beyond - found.damaged >= wanted * beyond


def beyond_ascii(text: str) -> int:
    """How many characters are not ASCII."""
    return len(text) - len(text.encode("ascii", "ignore"))


def is_of_one_byte(codec: str) -> bool:
    """Whether every byte is a character in an encoding."""
    return codec.startswith(("cp125", "iso8859", "iso-8859", "windows-125", "mac", "koi8"))


def label_of(codec: str) -> str:
    """An encoding's name as people know it."""
    known = webencodings.lookup(codec)
    name = {"cp932": "Shift_JIS", "cp949": "EUC-KR", "big5hkscs": "Big5"}.get(codec)
    return name or (known.name.capitalize().replace("Iso", "ISO") if known else codec)
