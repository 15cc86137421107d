"""LaTeX: sections as headings, tables as rows, and text without what only sets it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.composing import Composition
from ingestion.parsing.declared import declared_by_text
from ingestion.parsing.decoding import decode
from ingestion.parsing.latex.showing import Shower, shown
from ingestion.parsing.latex.tokens import tokens_of

if TYPE_CHECKING:
    from ingestion.parsing.types import Extract

BODY = "\\begin{document}"
END = "\\end{document}"


@kinds.reads(kinds.LATEX)
def read_latex(data: bytes, mime: str) -> Extract:
    """The text of a document with its sections; a piece of one is read as one."""
    found = decode(data, declared=declared_by_text(data))
    source = re.sub(r"\\begin[ \t]++\{", r"\\begin{", found.text)
    begin = source.find(BODY)
    shower = Shower()
    if begin >= 0:
        shower.prepare(tokens_of(source[:begin]))
        source = source[begin + len(BODY) :].partition(END)[0]
    tokens = tokens_of(source)
    shower.prepare(tokens)
    whole = Composition()
    for heading, level, text in shower.sections(tokens):
        body = f"{heading}\n\n{text}" if heading else text
        whole.add(body, heading, level)
        if whole.is_full:
            break
    whole.note(*found.notes)
    return whole.as_extract(shown(shower.title))
