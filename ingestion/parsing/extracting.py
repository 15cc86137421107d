"""The extractor library: office formats, e-mail, PDF and web pages to text."""

from __future__ import annotations

import re
from typing import Any

import kreuzberg

from ingestion.parsing import kinds, markdown
from ingestion.parsing.types import Extract, Heading, PageStart, ParseFailed

PASSWORD = re.compile("password|encrypt", re.I)


def configuration(*, pages: bool = False) -> kreuzberg.ExtractionConfig:
    """Markdown without OCR, caches or threads; running heads are kept, people quote them."""
    return kreuzberg.ExtractionConfig(  # type: ignore[call-arg]
        output_format="markdown",
        use_cache=False,
        enable_quality_processing=False,
        disable_ocr=True,
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
        content_filter=kreuzberg.ContentFilterConfig(
            include_headers=True, include_footers=True, strip_repeating_text=False
        ),
        pages=kreuzberg.PageConfig(extract_pages=pages),
    )


def extract(data: bytes, mime: str, config: kreuzberg.ExtractionConfig) -> Any:
    """What the library finds; raises `ParseFailed` in words for people."""
    try:
        return kreuzberg.extract_bytes_sync(data, mime, config=config)
    except kreuzberg.KreuzbergError as error:
        if PASSWORD.search(str(error)):
            raise ParseFailed("encrypted_file", "The file is protected by a password.") from error
        raise ParseFailed("damaged_file", "The file is damaged or was cut off.") from error


def title_of(found: Any) -> str:
    """The title the file carries."""
    return str(found.metadata.get("title") or found.metadata.get("subject") or "").strip()


@kinds.reads(
    kinds.XLSX,
    kinds.EPUB,
    kinds.DOC,
    kinds.XLS,
    kinds.PPT,
    kinds.RTF,
)
def read_office(data: bytes, mime: str) -> Extract:
    """Word processing, spreadsheets, presentations and books."""
    found = extract(data, mime, configuration())
    text = markdown.without_markup(found.content)
    return Extract(text, title_of(found), markdown.headings_of(text))


@kinds.reads(kinds.EML, kinds.MSG)
def read_email(data: bytes, mime: str) -> Extract:
    """A message with the text of its attachments."""
    found = extract(data, mime, configuration())
    attached = (
        f"## {child['path']}\n\n{child['result'].content}" for child in found.children or []
    )
    parts = [found.content, *attached]
    text = markdown.without_markup("\n\n".join(part.strip() for part in parts if part.strip()))
    return Extract(text, title_of(found), markdown.headings_of(text))


@kinds.reads(kinds.PDF)
def read_pdf(data: bytes, mime: str) -> Extract:
    """A PDF page by page; headings are lines the layout sets apart."""
    found = extract(data, mime, configuration(pages=True))
    pages = found.pages or []
    text, starts = joined(
        [page["page_number"] for page in pages],
        [page["content"].replace("\r\n", "\n").strip() for page in pages],
    )
    if not text.strip():
        raise ParseFailed("no_text", "The PDF holds images and no text.")
    return Extract(text, title_of(found), pdf_headings(text, found.content), starts, len(pages))


def pdf_headings(text: str, layout: str) -> list[Heading]:
    """The lines of a text that the layout analysis took for headings, in order."""
    levels = {
        heading.title.replace("\\", ""): heading.level
        for heading in markdown.headings_of(layout)
        if len(heading.title) > 1
    }
    found, offset = [], 0
    for line in text.split("\n"):
        title = line.strip()
        if title in levels:
            found.append(Heading(offset, levels[title], title))
        offset += len(line) + 1
    return found


def joined(numbers: list[int], texts: list[str]) -> tuple[str, list[PageStart]]:
    """The pages as one text, and where each begins."""
    starts, offset = [], 0
    for number, text in zip(numbers, texts, strict=True):
        starts.append(PageStart(offset, number))
        offset += len(text) + 2
    return "\n\n".join(texts), starts
