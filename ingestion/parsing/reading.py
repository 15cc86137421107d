"""One file in, one parsed document out."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from documents.language import identify
from ingestion.parsing import markdown
from ingestion.parsing.decoding import decode
from ingestion.parsing.extracting import read_email, read_office, read_pdf, read_slides
from ingestion.parsing.sniffing import kind_of
from ingestion.parsing.splitting import split
from ingestion.parsing.types import LONGEST_TEXT, Extract, ParsedDocument, ParseFailed
from ingestion.parsing.webpage import read_webpage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LONG_LINE = 2000


def read_text(data: bytes, mime: str) -> Extract:
    """Text, tables of comma-separated values, source code."""
    return Extract(decode(data))


def read_markdown(data: bytes, mime: str) -> Extract:
    """Markdown with its headings."""
    text = decode(data)
    headings = markdown.headings_of(text)
    first = next((heading.title for heading in headings if heading.level == 1), "")
    return Extract(text, first, headings)


def read_json(data: bytes, mime: str) -> Extract:
    """JSON; one without line ends is broken into lines, escaped letters are shown."""
    text = decode(data)
    one_line = len(text) > LONG_LINE and text.count("\n") < len(text) // LONG_LINE
    if one_line or "\\u" in text:
        # What is not JSON, or is nested too deeply, is still text.
        with suppress(ValueError, RecursionError):
            text = json.dumps(json.loads(text), ensure_ascii=False, indent=1)
    return Extract(text)


READERS: dict[str, Callable[[bytes, str], Extract]] = {
    "email": read_email,
    "json": read_json,
    "markdown": read_markdown,
    "office": read_office,
    "pdf": read_pdf,
    "slides": read_slides,
    "text": read_text,
    "webpage": read_webpage,
}


def parse_file(path: Path, mime: str, *, name: str) -> ParsedDocument:
    """The text, title, language and passages of a file; raises `ParseFailed`."""
    data = path.read_bytes()
    kind = kind_of(data, name, mime)
    extract = READERS[kind.reader](data, kind.mime)
    if not extract.text.strip():
        raise ParseFailed("no_text", "No text was found in the file.")
    truncated = len(extract.text) > LONGEST_TEXT
    if truncated:
        shorten(extract)
    return ParsedDocument(
        text=extract.text,
        title=extract.title,
        mime=kind.mime,
        language=identify(extract.text),
        pages=extract.page_count,
        passages=split(extract),
        truncated=truncated,
    )


def shorten(extract: Extract) -> None:
    """Cut a text that is too long to be stored."""
    extract.text = extract.text[:LONGEST_TEXT]
    extract.headings = [part for part in extract.headings if part.offset < LONGEST_TEXT]
    extract.pages = [part for part in extract.pages if part.offset < LONGEST_TEXT]
