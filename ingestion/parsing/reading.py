"""One file in, one parsed document out."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from documents.language import identify
from ingestion.parsing import (  # noqa: F401 -- readers
    extracting,
    kinds,
    markdown,
    office,
    pdf,
    webpage,
)
from ingestion.parsing.decoding import decode
from ingestion.parsing.sniffing import kind_of
from ingestion.parsing.splitting import split
from ingestion.parsing.types import LONGEST_TEXT, Extract, ParsedDocument, ParseFailed

if TYPE_CHECKING:
    from pathlib import Path

LONG_LINE = 2000


@kinds.reads(kinds.TEXT, kinds.CSV, kinds.TSV)
def read_text(data: bytes, mime: str) -> Extract:
    """Text, tables of comma-separated values, source code."""
    return Extract(decode(data))


@kinds.reads(kinds.MARKDOWN)
def read_markdown(data: bytes, mime: str) -> Extract:
    """Markdown with its headings."""
    text = decode(data)
    headings = markdown.headings_of(text)
    first = next((heading.title for heading in headings if heading.level == 1), "")
    return Extract(text, first, headings)


@kinds.reads(kinds.JSON)
def read_json(data: bytes, mime: str) -> Extract:
    """JSON; one without line ends is broken into lines, escaped letters are shown."""
    text = decode(data)
    one_line = len(text) > LONG_LINE and text.count("\n") < len(text) // LONG_LINE
    if one_line or "\\u" in text:
        # What is not JSON, or is nested too deeply, is still text.
        with suppress(ValueError, RecursionError):
            text = json.dumps(json.loads(text), ensure_ascii=False, indent=1)
    return Extract(text)


def parse_file(path: Path, mime: str, *, name: str) -> ParsedDocument:
    """The text, title, language and passages of a file; raises `ParseFailed`."""
    data = path.read_bytes()
    kind = kind_of(data, name, mime)
    extract = kinds.readers[kind.mime](data, kind.mime)
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
