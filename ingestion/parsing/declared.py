"""Encodings that a text names itself: in a tag, in a declaration, in a comment."""

from __future__ import annotations

import re

from ingestion.parsing.codepages import codec_of

# Browsers look at 1,024 bytes first and at the whole head then; no head is longer than this.
PAGE_HEAD = 65_536
TEXT_HEAD = 1024
# How far below licences and classes a document of LaTeX or a translation says it.
FILE_HEAD = 8192

XML = re.compile(rb"\A\s*+<\?xml\b[^>]{0,200}?\bencoding\s*+=\s*+[\"']\s*+([\w.:-]{2,40})", re.I)
# Of programs (PEP 263) and editors: `# -*- coding: cp1251 -*-`, `vim: fileencoding=koi8-r`.
COMMENT = re.compile(rb"coding[:=][ \t]*+([\w.-]{2,40})")
# Of style sheets, of LaTeX, and of translations (gettext), whose head is an entry without words.
STYLE = re.compile(rb"\A@charset \"([\w.:-]{2,40})\"")
LATEX = re.compile(rb"\\usepackage\[([\w.-]{2,40})\]\{inputenc\}|\\inputencoding\{([\w.-]{2,40})\}")
GETTEXT = re.compile(rb"^\"Content-Type: text/plain; charset=([\w.:-]{2,40})\\n\"", re.M)
LATEX_NAMES = {
    "ansinew": "cp1252",
    "applemac": "macintosh",
    "latin9": "iso-8859-15",
    "utf8x": "utf-8",
}
# A comment, a tag, or something that looks like one. What is not closed ends with the head.
TAG = re.compile(
    rb"<!--.*?(?:-->|\Z)|<meta(?=[\s/])(?P<meta>(?:[^>\"']|\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))*+)"
    rb"|</?[a-z](?:[^>\"']|\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))*+|<[!/?][^>]*+",
    re.I | re.S,
)
ATTRIBUTE = re.compile(
    rb"([^\s/>=]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"?|'([^']*+)'?|([^\s>]++)))?+", re.S
)
CONTENT = re.compile(rb"charset\s*+=\s*+[\"']?+\s*+([^\s\"';]++)", re.I)


def declared_by_page(data: bytes) -> str:
    """The encoding a web page declares, as browsers look for it; empty when there is none."""
    head = data[:PAGE_HEAD]
    for tag in TAG.finditer(head):
        codec = codec_of_meta(tag["meta"]) if tag["meta"] else ""
        if codec:
            return codec
    return declared_by_xml(head)


def codec_of_meta(attributes: bytes) -> str:
    """What a `<meta>` tag says about the encoding."""
    found: dict[bytes, bytes] = {}
    for name, *values in ATTRIBUTE.findall(attributes):
        found.setdefault(name.lower(), b"".join(values))
    label = found.get(b"charset", b"")
    if not label and found.get(b"http-equiv", b"").strip().lower() == b"content-type":
        content = CONTENT.search(found.get(b"content", b""))
        label = content[1] if content else b""
    return codec_of(label.decode("ascii", "replace"))


def declared_by_xml(data: bytes) -> str:
    """The encoding of an XML declaration."""
    found = XML.match(data[:TEXT_HEAD])
    return codec_of(found[1].decode("ascii", "replace")) if found else ""


def declared_by_text(data: bytes) -> str:
    """The encoding an XML declaration or a comment in the first two lines names."""
    lines = data[:TEXT_HEAD].split(b"\n", 2)[:2]
    found = next(filter(None, map(COMMENT.search, lines)), None)
    named = codec_of(found[1].decode("ascii", "replace")) if found else ""
    return declared_by_xml(data) or named or declared_by_format(data[:FILE_HEAD])


def declared_by_format(head: bytes) -> str:
    """The encoding that a style sheet, a document of LaTeX or a translation names."""
    for pattern in (STYLE, LATEX, GETTEXT):
        if found := pattern.search(head):
            label = b"".join(filter(None, found.groups())).decode("ascii", "replace")
            return codec_of(LATEX_NAMES.get(label, label))
    return ""
