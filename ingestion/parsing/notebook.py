"""Notebooks: text, programs and what they printed, without pictures."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from documents import shown_text
from ingestion.parsing import kinds, markdown
from ingestion.parsing.decoding import Decoded, decode
from ingestion.parsing.embedded import without_controls
from ingestion.parsing.json_text import read_json
from ingestion.parsing.sentences import SHORTENED_OUTPUTS
from ingestion.parsing.types import Extract
from ingestion.parsing.webpage import read_decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

# Pictures as text, halves of characters.
PICTURE = re.compile(
    r"!?\[[^\[\]\n]{0,500}\]\((?:data|attachment):[^)\s]*\)|data:image/[^\s)\"']*+"
)
HALVES = re.compile("[\ud800-\udfff]")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
# What is taken of an output that comes in several forms, best first.
FORMS = ("text/markdown", "text/plain", "text/latex", "text/html")
LANGUAGE = re.compile(r"[\w+#.-]{1,40}")

# Characters of an output: a training that printed for days would be most of a collection.
LONGEST_OUTPUT = 20_000
LEFT_OUT = "[…]"


@kinds.reads(kinds.NOTEBOOK)
def read_notebook(data: bytes, mime: str) -> Extract:
    """The cells of a notebook in Markdown; what is no notebook is read as JSON."""
    found = decode(data)
    try:
        # Numbers as they are written: none is calculated with, and some are too long to be read.
        book = json.loads(found.text, parse_int=str, parse_float=str)
        text = "\n\n".join(part for part in parts_of(book) if part.strip())
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return read_json(data, mime)
    text = CONTROLS.sub("\ufffd", HALVES.sub("\ufffd", text))
    headings = markdown.headings_of(text)
    first = next((heading.title for heading in headings if heading.level == 1), "")
    title = book.get("metadata", {}).get("title")
    notes = [*found.notes, SHORTENED_OUTPUTS] if f"\n{LEFT_OUT}\n" in text else found.notes
    return Extract(text, title if isinstance(title, str) else first, headings, notes=notes)


def parts_of(book: dict[str, Any]) -> Iterator[str]:
    """The cells of a notebook, each with its outputs; raises when it is none."""
    language = language_of(book.get("metadata", {}))
    sheets = [book] if "cells" in book else book["worksheets"]
    for cell in (cell for sheet in sheets for cell in sheet["cells"]):
        source = joined(cell.get("source", cell.get("input", "")))
        kind = cell.get("cell_type")
        if kind == "code":
            yield fenced(source, str(cell.get("language") or language))
            for output in cell.get("outputs", ()):
                yield shown(output)
        elif kind == "heading":
            yield f"{'#' * min(int(cell.get('level', 1)), 6)} {source}"
        else:
            yield PICTURE.sub("", source)


def language_of(metadata: dict[str, Any]) -> str:
    """The language of a notebook's programs."""
    kernel, info = metadata.get("kernelspec", {}), metadata.get("language_info", {})
    return str(info.get("name") or kernel.get("language") or metadata.get("language") or "")


def joined(source: str | list[str]) -> str:
    """Text that is kept whole or line by line."""
    return source if isinstance(source, str) else "".join(source)


def fenced(text: str, language: str = "") -> str:
    """Text as a block of code; nothing of blanks."""
    if not text.strip():
        return ""
    name = language if LANGUAGE.fullmatch(language) else ""
    return shown_text.fenced(text.rstrip(), name)


def shown(output: dict[str, Any]) -> str:
    """What a cell printed, answered or failed with."""
    if output.get("output_type") in {"error", "pyerr"}:
        return fenced(printed(f"{output.get('ename', '')}: {output.get('evalue', '')}"))
    if output.get("output_type") == "stream":
        return fenced(printed(joined(output.get("text", ""))))
    # Older notebooks keep the forms beside the type, under short names.
    data = output.get("data") or {
        form: output[name] for form in FORMS if (name := SHORT.get(form, "")) in output
    }
    form = next((form for form in FORMS if form in data), "")
    if not form:
        return ""
    text = joined(data[form])
    if form == "text/html":
        return read_decoded(Decoded(text, "utf-8")).text
    return PICTURE.sub("", text) if form == "text/markdown" else fenced(printed(text))


SHORT = {"text/plain": "text", "text/latex": "latex", "text/html": "html"}


def printed(text: str) -> str:
    """What stands on a terminal in the end: no colours, no steps of a progress bar."""
    lines = without_controls(text).replace("\r\n", "\n").split("\n")
    return shortened("\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines))


def shortened(text: str) -> str:
    """The beginning and the end of a long text, cut between lines where there are any."""
    if len(text) <= LONGEST_OUTPUT:
        return text
    half = LONGEST_OUTPUT // 2
    first, last = text[:half].rpartition("\n"), text[-half:].partition("\n")
    return f"{first[0] or first[2]}\n{LEFT_OUT}\n{last[2] or last[0]}"
