"""The extractor library: office formats, PDF and web pages to text."""

from __future__ import annotations

import html
import io
import itertools
import re
from typing import Any

import kreuzberg
import olefile

from ingestion.parsing import kinds, markdown
from ingestion.parsing.rtf import unmarked, with_notes
from ingestion.parsing.rtf_letters import numbered
from ingestion.parsing.types import Extract, Heading, ParseFailed
from ingestion.parsing.unpacking import ENCRYPTED

ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
HARD_BLANK = re.compile(rb"(?<!\\)((?:\\\\)*+)\\~")
HARD_HYPHEN = re.compile(rb"(?<!\\)((?:\\\\)*+)\\_")
# What the library says of a whole PDF without pages.
NO_PAGES = "No page boundaries"
# What slide masters of PowerPoint and LibreOffice say, which no slide shows.
MASTER_TEXT = re.compile(
    r"^(?:Click to edit (?:Master|the) (?:title|text|subtitle|outline)(?: text)?"
    r" ?(?:styles?|format)"
    r"|(?:Second|Third|Fourth|Fifth|Sixth|Seventh) (?:Outline )?[Ll]evel"
    r"|(?:Mastert|T)itel(?:master)?format (?:durch Klicken )?bearbeiten"
    r"|(?:Mastertextformat|Textmasterformate?) (?:durch Klicken )?bearbeiten"
    r"|(?:Zweite|Dritte|Vierte|Fünfte) Ebene"
    r"|Fare clic per modificare (?:lo stile del titolo|stili del testo)(?: dello schema)?"
    r"|(?:Secondo|Terzo|Quarto|Quinto) livello)[ \t]*+(?:\n|\Z)\n*+",
    re.M,
)
# The token of an encrypted file of PowerPoint and where it stands ([MS-PPT] 2.3.2).
LOCKED, LOCKED_AT = b"\xdf\xc4\xd1\xf3", 12
PASSWORD = re.compile("password|encrypt", re.I)


def configuration(*, form: str = "markdown", pages: bool = False) -> kreuzberg.ExtractionConfig:
    """Text without OCR, caches or threads; running heads are kept, people quote them."""
    return kreuzberg.ExtractionConfig(  # type: ignore[call-arg]
        output_format=form,
        use_cache=False,
        enable_quality_processing=False,
        disable_ocr=True,
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
        content_filter=kreuzberg.ContentFilterConfig(
            include_headers=True, include_footers=True, strip_repeating_text=False
        ),
        pages=kreuzberg.PageConfig(extract_pages=pages),
        pdf_options=kreuzberg.PdfConfig(extract_annotations=pages),
    )


def extract(data: bytes, mime: str, config: kreuzberg.ExtractionConfig) -> Any:
    """What the library finds; raises `ParseFailed` in words for people."""
    try:
        return kreuzberg.extract_bytes_sync(data, mime, config=config)
    except kreuzberg.KreuzbergError as error:
        if PASSWORD.search(str(error)):
            raise ENCRYPTED.failure() from error
        if NO_PAGES in str(error):
            raise ParseFailed("no_text", "The file has no pages.") from error
        raise ParseFailed("damaged_file", "The file is damaged or was cut off.") from error


def title_of(found: Any) -> str:
    """The title the file carries."""
    return str(found.metadata.get("title") or found.metadata.get("subject") or "").strip()


@kinds.reads(kinds.PPT)
def read_old_slides(data: bytes, mime: str) -> Extract:
    """PowerPoint files from before 2007, whose headings are not known."""
    if is_locked(data):
        raise ENCRYPTED.failure()
    found = extract(data, mime, configuration(form="plain"))
    return Extract(MASTER_TEXT.sub("", str(found.content)).strip(), title_of(found))


def is_locked(data: bytes) -> bool:
    """Whether slides say that they are encrypted, where they name who edited them last."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            said: bytes = ole.openstream("Current User").read()
            return said.startswith(LOCKED, LOCKED_AT)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- the library meets damage in many ways
        return False


@kinds.reads(kinds.RTF)
def read_rtf(data: bytes, mime: str) -> Extract:
    """An RTF file, each line as it was before the extractor made Markdown of it.

    The extractor takes hyphens and blanks that never break for other signs.
    """
    source = unmarked(numbered(data))
    signs = HARD_BLANK.sub(rb"\1{ }", HARD_HYPHEN.sub(rb"\1-", source))
    found = extract(with_notes(signs), mime, configuration())
    lines = markdown.without_markup(found.content).split("\n")
    headings = markdown.headings_of("\n".join(lines))
    shown = [plain(line) for line in lines]
    places = dict(zip(offsets(lines), offsets(shown), strict=True))
    return Extract(
        "\n".join(shown),
        title_of_source(title_of(found)),
        [Heading(places[one.offset], one.level, plain(one.title)) for one in headings],
    )


def title_of_source(title: str) -> str:
    """The title of an RTF file, which the extractor leaves as the file writes it."""
    if "\\" not in title:
        return title
    source = title.encode("ascii", "ignore")
    found = extract(b"{\\rtf1\\ansi " + source + b"}", kinds.RTF.mime, configuration(form="plain"))
    return str(found.content).strip()


def plain(line: str) -> str:
    """A line of Markdown with its escaped signs as they are."""
    return html.unescape(ESCAPED.sub(r"\1", line)) if "\\" in line or "&" in line else line


def offsets(lines: list[str]) -> list[int]:
    """Where each line begins."""
    return list(itertools.accumulate((len(line) + 1 for line in lines[:-1]), initial=0))
