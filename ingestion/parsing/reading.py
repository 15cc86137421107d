"""One file in, one parsed document out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from documents.language import identify
from ingestion.parsing.extracting import read_email, read_office, read_pdf, read_slides
from ingestion.parsing.plaintext import read_json, read_markdown, read_text
from ingestion.parsing.sniffing import kind_of
from ingestion.parsing.splitting import split
from ingestion.parsing.types import LONGEST_TEXT, Extract, ParsedDocument, ParseFailed
from ingestion.parsing.webpage import read_webpage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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
