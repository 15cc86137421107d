"""One file in, one parsed document out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from documents.language import identify
from ingestion.parsing import (  # noqa: F401 -- readers
    extracting,
    json_text,
    kinds,
    markdown,
    notebook,
    office,
    pdf,
    webpage,
)
from ingestion.parsing.declared import declared_by_text
from ingestion.parsing.decoding import decode
from ingestion.parsing.escapes import unescaped_letters, unescaped_references, unescaped_strings
from ingestion.parsing.mail import outlook, reader  # noqa: F401 -- readers
from ingestion.parsing.scans import images  # noqa: F401 -- readers
from ingestion.parsing.scans.rules import Scanning, scanning
from ingestion.parsing.sniffing import kind_of
from ingestion.parsing.splitting import split
from ingestion.parsing.types import LONGEST_TEXT, Extract, ParsedDocument, ParseFailed

if TYPE_CHECKING:
    from pathlib import Path

UNESCAPE = {
    kinds.XML.mime: unescaped_references,
    kinds.YAML.mime: unescaped_strings,
    kinds.TOML.mime: unescaped_strings,
    kinds.PROPERTIES.mime: unescaped_letters,
}


@kinds.reads(kinds.TEXT, kinds.CSV, kinds.TSV)
def read_text(data: bytes, mime: str) -> Extract:
    """Text, tables of comma-separated values, source code."""
    found = decode(data, declared=declared_by_text(data))
    return Extract(found.text, notes=found.notes)


@kinds.reads(kinds.MARKDOWN)
def read_markdown(data: bytes, mime: str) -> Extract:
    """Markdown with its headings."""
    found = decode(data)
    headings = markdown.headings_of(found.text)
    first = next((heading.title for heading in headings if heading.level == 1), "")
    return Extract(found.text, first, headings, notes=found.notes)


@kinds.reads(kinds.XML, kinds.YAML, kinds.TOML, kinds.PROPERTIES)
def read_escaped(data: bytes, mime: str) -> Extract:
    """Formats that may write letters by their numbers."""
    found = decode(data, declared=declared_by_text(data))
    return Extract(UNESCAPE[mime](found.text), notes=found.notes)


def parse_file(path: Path, mime: str, *, name: str, scan: Scanning | None = None) -> ParsedDocument:
    """The text, title, language and passages of a file; raises `ParseFailed`."""
    data = path.read_bytes()
    kind = kind_of(data, name, mime)
    with scanning(scan or Scanning()):
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
        notes=extract.notes,
    )


def shorten(extract: Extract) -> None:
    """Cut a text that is too long to be stored."""
    extract.text = extract.text[:LONGEST_TEXT]
    extract.headings = [part for part in extract.headings if part.offset < LONGEST_TEXT]
    extract.pages = [part for part in extract.pages if part.offset < LONGEST_TEXT]
