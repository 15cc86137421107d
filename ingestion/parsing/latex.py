"""LaTeX: sections as headings, and text without what only sets it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingestion.parsing import kinds
from ingestion.parsing.composing import Composition
from ingestion.parsing.declared import declared_by_text
from ingestion.parsing.decoding import decode

if TYPE_CHECKING:
    from ingestion.parsing.types import Extract

LEVELS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4}
BODY = "\\begin{document}"
END = "\\end{document}"
# What braces hold has no braces but those of one more level.
INNER = r"\{((?:[^{}]|\{[^{}]*+\})*+)\}"
HEADING = re.compile(
    r"^[ \t]*+\\(part|chapter|section|subsection|subsubsection)\*?(?:\[[^\[\]\n]*+\])?+" + INNER,
    re.M,
)
TITLE = re.compile(r"\\title(?:\[[^\[\]\n]*+\])?+" + INNER)
COMMENT = re.compile(r"(?<!\\)%[^\n]*+\n?")
# Only for the machine: what they hold is no text.
SILENT = re.compile(
    r"\\(?:label|ref|eqref|pageref|cite[tp]?|index|usepackage|documentclass|input|include"
    r"|includegraphics|bibliography|bibliographystyle|vspace|hspace|begin|end|pagestyle|maketitle"
    r"|tableofcontents|newpage|clearpage|centering|noindent|hline|toprule|midrule|bottomrule)"
    r"(?![A-Za-z])\*?(?:\[[^\[\]\n]*+\])?+(?:\{[^{}\n]*+\})?+"
)
STYLED = re.compile(r"\\(?:emph|text[a-z]{2}|texttt|underline|footnote|caption|url|mbox)" + INNER)
ITEM = re.compile(r"\\item(?![A-Za-z])[ \t]*+")
SIGN = re.compile(r"\\([%&#_${}])")
EMPTY_LINES = re.compile(r"\n[ \t]*+(?:\n[ \t]*+)++")
# Styles within styles that are taken away.
ROUNDS = 3


@kinds.reads(kinds.LATEX)
def read_latex(data: bytes, mime: str) -> Extract:
    """The text of a document with its sections; as it is when it is no whole document."""
    found = decode(data, declared=declared_by_text(data))
    source = COMMENT.sub("", found.text)
    title = TITLE.search(source)
    begin = source.find(BODY)
    body = source[begin + len(BODY) :] if begin >= 0 else source
    body = body.partition(END)[0]
    whole, position, heading, level = Composition(), 0, "", 0
    for section in HEADING.finditer(body):
        add_section(whole, body[position : section.start()], heading, level)
        position, heading, level = section.end(), shown(section[2]), LEVELS[section[1]]
    add_section(whole, body[position:], heading, level)
    whole.note(*found.notes)
    return whole.as_extract(shown(title[1]) if title else "")


def add_section(whole: Composition, source: str, heading: str, level: int) -> None:
    """Add a section below its heading."""
    text = shown(source)
    whole.add(f"{heading}\n\n{text}" if heading else text, heading, level)


def shown(source: str) -> str:
    """What a reader sees of a piece of source, formulas as they are written."""
    text = ITEM.sub("- ", SILENT.sub("", source))
    for _ in range(ROUNDS):
        text = STYLED.sub(r"\1", text)
    text = SIGN.sub(r"\1", text.replace("\\\\", "\n").replace("~", " "))
    return EMPTY_LINES.sub("\n\n", text).strip()
