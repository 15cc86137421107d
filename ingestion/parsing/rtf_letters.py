"""The letters of RTF files, which are bytes in the code page of their font, by their numbers.

The extractor knows one code page for a whole file, and not every one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ingestion.parsing.codepages import codec_of, decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

# Begins with a class of signs, which is what is looked for fast.
TOKEN = re.compile(
    rb"[\\{}\x80-\xff]"
    rb"(?:(?<=\\)(?:(?P<word>[a-zA-Z]++)(?P<number>-?\d{1,9})? ?|(?!'[0-9a-fA-F]{2})[^a-zA-Z]))?",
    re.S,
)
LETTERS = re.compile(rb"(?:\\'[0-9a-fA-F]{2}|[\x80-\xff])++")
# One letter, or what stands for one, where only letters of other kinds can be shown.
FALLBACK = re.compile(rb"(?:\\'[0-9a-fA-F]{2}|[^\\{}\r\n]|[\r\n]++)", re.S)
BYTE = re.compile(rb"\\'([0-9a-fA-F]{2})|([\x80-\xff])")
# The second byte of a letter may be one that is written as it is.
SECOND = re.compile(rb"[^\\{}\r\n\x80-\xff]")
FONT = re.compile(rb"\\f(\d{1,5})(?!\d)[^{};]{0,200}?\\fcharset(\d{1,3})(?!\d)")
CODE_PAGE = re.compile(rb"\\(?:ansicpg(\d{1,5})|(mac|pca?)(?![a-z]))")
HEAD, LONGEST_HEAD = 1000, 500_000
CODE_PAGES = {b"10000": "mac_roman", b"mac": "mac_roman", b"pc": "cp437", b"pca": "cp850"}
# By numbers that Windows gives to alphabets. Fonts of the others (0 and 1) follow the file.
ALPHABETS = {
    77: "mac_roman",
    128: "shift_jis",
    129: "euc-kr",
    130: "johab",
    134: "gbk",
    136: "big5",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}
# A font of signs, whose bytes are no letters of any alphabet.
SYMBOLS = 2
FONT_WORDS = {b"f", b"af"}
FIRST_FOREIGN = 0x80
TWO_BYTES = re.compile("gb|big5|johab|cp9[345]|euc|shift", re.I)


@dataclass(slots=True)
class Setting:
    """What holds within a group: the encoding, and how many letters stand for one by number."""

    codec: str
    fallbacks: int = 1


def numbered(data: bytes) -> bytes:
    """The file with its letters beyond ASCII written by their numbers."""
    return b"".join(pieces(data, code_page_of(data)))


def code_page_of(data: bytes) -> str:
    """The encoding that the file names for what has no font of another."""
    for page, name in reversed(CODE_PAGE.findall(data[:HEAD])):
        if codec := codec_of(CODE_PAGES.get(page or name) or f"cp{page.decode()}"):
            return codec
    return "cp1252"


def pieces(data: bytes, own: str) -> Iterator[bytes]:
    """The file piece by piece: what is kept, and letters by their numbers."""
    fonts = fonts_of(data, own)
    groups = [Setting(own)]
    place = kept = 0
    while token := TOKEN.search(data, place):
        place, setting, sign, word = token.end(), groups[-1], token[0], token["word"]
        if word:
            place = after(data, token, setting)
            turn(setting, word, int(token["number"] or 0), fonts, own)
        elif sign == b"{":
            groups.append(Setting(setting.codec, setting.fallbacks))
        elif sign == b"}":
            if len(groups) > 1:
                groups.pop()
        elif run := LETTERS.match(data, token.start()):
            place = end_of_letters(data, run, setting.codec)
            yield data[kept : run.start()]
            yield letters(data[run.start() : place], setting)
            kept = place
    yield data[kept:]


def fonts_of(data: bytes, own: str) -> dict[int, str]:
    """The encoding of each font by its number."""
    found = FONT.findall(data[:LONGEST_HEAD])
    return {int(number): alphabet(int(charset), own) for number, charset in found}


def alphabet(charset: int, own: str) -> str:
    """The encoding of a font; none for one of signs."""
    return "" if charset == SYMBOLS else codec_of(ALPHABETS.get(charset, "")) or own


def turn(setting: Setting, word: bytes, number: int, fonts: dict[int, str], own: str) -> None:
    """Follow a word that changes how bytes are read."""
    if word in FONT_WORDS:
        setting.codec = fonts.get(number, own)
    elif word == b"plain":
        setting.codec = own
    elif word == b"uc":
        setting.fallbacks = max(number, 0)


def after(data: bytes, token: re.Match[bytes], setting: Setting) -> int:
    """Where a word ends, with the bytes or letters that belong to it."""
    number = int(token["number"] or 0)
    if token["word"] == b"bin":
        return token.end() + max(number, 0)
    if token["word"] == b"u" and token["number"]:
        return end_of_fallbacks(data, token.end(), setting.fallbacks)
    return token.end()


def end_of_fallbacks(data: bytes, place: int, count: int) -> int:
    """Where the letters end that stand for one written by its number."""
    for _ in range(count):
        if (found := FALLBACK.match(data, place)) is None:
            break
        place = found.end()
    return place


def end_of_letters(data: bytes, run: re.Match[bytes], codec: str) -> int:
    """Where a run of bytes ends, with the second byte of its last letter."""
    if TWO_BYTES.search(codec) and len(bytes_of(run[0])) % 2 and SECOND.match(data, run.end()):
        return run.end() + 1
    return run.end()


def letters(run: bytes, setting: Setting) -> bytes:
    """A run of bytes with its letters by number, or as it is when that is not known."""
    found = bytes_of(run)
    if not setting.codec or found.isascii():
        return run
    text = decoded(found, codec_for(found, run, setting.codec))
    return b"".join(by_number(letter, setting.fallbacks) for letter in text)


def codec_for(found: bytes, run: bytes, codec: str) -> str:
    """Bytes that are there as they are, and are letters of UTF-8, were meant to be that."""
    if b"\\" in run or TWO_BYTES.search(codec):
        return codec
    try:
        found.decode()
    except UnicodeDecodeError:
        return codec
    return "utf-8"


def bytes_of(run: bytes) -> bytes:
    """The bytes that a run stands for."""
    if b"\\" not in run:
        return run
    return BYTE.sub(lambda one: bytes.fromhex(one[1].decode()) if one[1] else one[2], run)


@lru_cache(maxsize=4096)
def by_number(letter: str, fallbacks: int) -> bytes:
    """A letter as RTF writes it by its number, or as it is in ASCII."""
    if ord(letter) < FIRST_FOREIGN:
        return f"\\'{ord(letter):02x}".encode()
    units = letter.encode("utf-16-be")
    numbers = (int.from_bytes(units[n : n + 2], signed=True) for n in range(0, len(units), 2))
    return b"".join(b"\\u%d%s" % (number, b"?" * fallbacks or b" ") for number in numbers)
