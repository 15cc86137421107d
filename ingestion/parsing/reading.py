"""One file in, one parsed document out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from documents.language import identify
from ingestion.parsing import (  # noqa: F401 -- readers
    archives,
    books,
    calendars,
    extracting,
    json_text,
    kinds,
    latex,
    markdown,
    notebook,
    office,
    pdf,
    pdf_attachments,
    subtitles,
    webpage,
    xml_attachments,
)
from ingestion.parsing.declared import declared_by_text
from ingestion.parsing.decoding import decode
from ingestion.parsing.drawing import is_drawing, read_drawing
from ingestion.parsing.embedded import without_files
from ingestion.parsing.escapes import unescaped_letters, unescaped_references, unescaped_strings
from ingestion.parsing.mail import unpacking  # noqa: F401 -- readers
from ingestion.parsing.refusing import refusal
from ingestion.parsing.scans import images  # noqa: F401 -- readers
from ingestion.parsing.scans.rules import Scanning, scanning
from ingestion.parsing.sniffing import kind_of
from ingestion.parsing.source_code import outline
from ingestion.parsing.splitting import split
from ingestion.parsing.tables import table_of_values, without_blank_rows
from ingestion.parsing.types import LONGEST_TEXT, Extract, ParsedDocument, ParseFailed
from ingestion.parsing.unpacking import TOO_DEEP

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.parsing.kinds import Kind
    from ingestion.parsing.unpacking import Unpacking

UNESCAPE = {
    kinds.XML.mime: unescaped_references,
    kinds.YAML.mime: unescaped_strings,
    kinds.TOML.mime: unescaped_strings,
    kinds.PROPERTIES.mime: unescaped_letters,
}

# Whose title is a heading or a subject, which no program made up.
TITLED_BY_PEOPLE = {
    kinds.MARKDOWN,
    kinds.EML,
    kinds.MSG,
    kinds.TNEF,
    kinds.MBOX,
    kinds.ICALENDAR,
    kinds.VCARD,
}

# What word processors, printers' drivers and browsers call what has no name yet, in the languages
# of the product and their neighbours; a number may follow.
UNTITLED = (
    "untitled( document| spreadsheet| presentation)?",
    "(new )?document",
    "(senza titolo|documento|nuovo documento|presentazione|presentazione standard di powerpoint)",
    "(unbenannt|dokument|präsentation|powerpoint-präsentation|mappe)",
    "(sans titre|sans nom|présentation powerpoint|classeur)",
    "(sin título|documento sin título|presentación de powerpoint|libro)",
    "(powerpoint )?presentation",
    "(book|cartel|sheet|foglio|slide|layout|drawing|scan|page|title|titolo|no title|none|null)",
    "about:blank|unknown title",
    "print|stampa|full page (photo|print)",
)
TELLS_NOTHING = re.compile(rf"({'|'.join(UNTITLED)})[\s_-]*\d*", re.I)
# The program and the file it printed: the file's own name says that, too.
PRINTED = re.compile(
    r"(microsoft|libreoffice|openoffice)\s+\w+\s+-\s+|(file|https?|data)://?|[a-z]:\\", re.I
)


@kinds.reads(kinds.TEXT, kinds.CSV, kinds.TSV)
def read_text(data: bytes, mime: str) -> Extract:
    """Text, tables of comma-separated values, source code."""
    found = decode(data, declared=declared_by_text(data))
    text, left_out = without_files(found.text)
    notes = [*found.notes, *left_out]
    if mime not in {kinds.CSV.mime, kinds.TSV.mime}:
        return Extract(text, notes=notes)
    text = without_blank_rows(text)
    return Extract(text, tables=table_of_values(text), notes=notes)


@kinds.reads(kinds.MARKDOWN)
def read_markdown(data: bytes, mime: str) -> Extract:
    """Markdown with its headings."""
    found = decode(data)
    text, left_out = without_files(found.text)
    headings = markdown.headings_of(text)
    first = next((heading.title for heading in headings if heading.level == 1), "")
    return Extract(text, first, headings, notes=[*found.notes, *left_out])


@kinds.reads(kinds.XML, kinds.YAML, kinds.TOML, kinds.PROPERTIES)
def read_escaped(data: bytes, mime: str) -> Extract:
    """Formats that may write letters by their numbers; of drawings, their words."""
    found = decode(data, declared=declared_by_text(data))
    if mime == kinds.XML.mime and is_drawing(found.text):
        drawing = read_drawing(found.text)
        drawing.notes = found.notes
        return drawing
    text, left_out = without_files(found.text)
    return Extract(UNESCAPE[mime](text), notes=[*found.notes, *left_out])


@kinds.reads(*kinds.ARCHIVES)
def refuse_archive(data: bytes, mime: str) -> Extract:
    """Nothing: where there is no place for files, an archive has no text. Raises `ParseFailed`."""
    raise refusal("a compressed archive")


def parse_file(
    path: Path,
    mime: str,
    *,
    name: str,
    into: Unpacking | None = None,
    scan: Scanning | None = None,
) -> ParsedDocument:
    """The text, title, language and passages of a file; raises `ParseFailed`.

    Files in it are written `into` a place; without one, those of a message are read with it.
    """
    data = path.read_bytes()
    kind = kind_of(data, name, mime)
    scan = scan or Scanning()
    with scanning(scan):
        extract = read_kind(kind, data, name, into)
    if kind is kinds.TEXT:
        extract.headings = outline(extract.text, name)
        extract.is_code = bool(extract.headings)
    members = into.members if into is not None else []
    if kind in kinds.ARCHIVES and not members:
        raise ParseFailed("empty_file", "There are no files in this archive.")
    if not extract.text.strip() and not members:
        raise ParseFailed("no_text", scan.silence())
    truncated = len(extract.text) > LONGEST_TEXT
    if truncated:
        shorten(extract)
    return ParsedDocument(
        text=extract.text,
        title=extract.title if kind in TITLED_BY_PEOPLE else telling_title(extract.title),
        mime=kind.mime,
        language=identify(extract.text) if extract.text else "",
        pages=extract.page_count,
        passages=split(extract),
        truncated=truncated,
        notes=extract.notes,
        members=members,
    )


def read_kind(kind: Kind, data: bytes, name: str, into: Unpacking | None) -> Extract:
    """The text of a file of a known kind."""
    unpacker = kinds.unpackers.get(kind.mime)
    has_place = into is not None and into.limits.levels > 0
    if into is not None and not has_place and kind in kinds.ARCHIVES:
        raise TOO_DEEP.failure()
    if into is None or unpacker is None or not has_place:
        return kinds.readers[kind.mime](data, kind.mime)
    into.packed = len(data) if kind in kinds.ARCHIVES else 0
    return unpacker(data, name, into)


def shorten(extract: Extract) -> None:
    """Cut a text that is too long to be stored."""
    extract.text = extract.text[:LONGEST_TEXT]
    extract.headings = [part for part in extract.headings if part.offset < LONGEST_TEXT]
    extract.pages = [part for part in extract.pages if part.offset < LONGEST_TEXT]


def telling_title(title: str) -> str:
    """A file's own title, on one line; empty when it is none that somebody gave."""
    found = " ".join(title.split())
    is_none = TELLS_NOTHING.fullmatch(found) or PRINTED.match(found)
    return "" if is_none or not any(letter.isalnum() for letter in found) else found
