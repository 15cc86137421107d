"""Titles that programs wrote into files by themselves, and that tell nobody anything."""

from __future__ import annotations

import re

# What word processors, printers' drivers and browsers call what has no name yet, in the languages
# of the product and their neighbours; a number may follow.
EMPTY = (
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
TELLS_NOTHING = re.compile(rf"({'|'.join(EMPTY)})[\s_-]*\d*", re.I)
# The program and the file it printed: the file's own name says that, too.
PRINTED = re.compile(
    r"(microsoft|libreoffice|openoffice)\s+\w+\s+-\s+|(file|https?|data)://?|[a-z]:\\", re.I
)


def telling_title(title: str) -> str:
    """A file's own title, on one line; empty when it is none that somebody gave."""
    found = " ".join(title.split())
    is_none = TELLS_NOTHING.fullmatch(found) or PRINTED.match(found)
    return "" if is_none or not any(letter.isalnum() for letter in found) else found
