"""Files that are characters already: shown as they are."""

from __future__ import annotations

import json
from contextlib import suppress

from ingestion.parsing import markdown
from ingestion.parsing.decoding import decode
from ingestion.parsing.types import Extract

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
