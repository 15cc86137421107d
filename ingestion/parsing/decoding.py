"""Bytes to characters."""

from __future__ import annotations

import codecs
import re

from ingestion.parsing.sniffing import looks_like_utf16

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s*+=\s*+["']?+\s*+([\w.:-]{2,40})""", re.I)
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")


def decode(data: bytes, *, web: bool = False) -> str:
    """The text of a file; web pages may declare their encoding.

    Line ends become `\\n`. What cannot be decoded becomes the replacement character.
    """
    text = data.decode(encoding_of(data, web=web), errors="replace")
    return CONTROLS.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def encoding_of(data: bytes, *, web: bool) -> str:
    """The encoding by mark, declaration or trial."""
    for mark, name in MARKS:
        if data.startswith(mark):
            return name
    if looks_like_utf16(data[:4096]):
        return "utf-16-le" if data[1] == 0 else "utf-16-be"
    declared = declared_encoding(data[:4096]) if web else ""
    return declared or ("utf-8" if is_utf8(data) else "cp1252")


def declared_encoding(head: bytes) -> str:
    """The encoding a page names, when Python knows it; browsers read latin-1 as cp1252."""
    found = DECLARED.search(head)
    try:
        name = codecs.lookup(found.group(1).decode("ascii")).name if found else ""
    except LookupError:
        return ""
    return "cp1252" if name in {"iso8859-1", "ascii"} else name


def is_utf8(data: bytes) -> bool:
    """Whether the bytes decode as UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
