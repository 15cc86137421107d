"""Hebrew, Arabic and the like in PDFs, in the order in which they are read.

The extractor gives the words of a line from left to right, as they stand on the page; the order in
which they are read is known from where PDFium finds their letters.
"""

from __future__ import annotations

import contextlib
import re
import unicodedata
from typing import TYPE_CHECKING

from ingestion.parsing.letters import letters_of
from ingestion.parsing.line_order import FROM_RIGHT, text_in_order

if TYPE_CHECKING:
    from collections.abc import Mapping

# The shape of a letter at its place in a word, for which programs also have signs.
SHAPED = re.compile("[\ufb1d-\ufdff\ufe70-\ufefc]+")
# Of the lines with such words: when fewer are found again, lines are cut otherwise.
ENOUGH = 0.5


def in_reading_order(data: bytes, texts: Mapping[int, str]) -> dict[int, str]:
    """The texts of pages by number, with lines written from the right as they are read."""
    found = dict(texts)
    wanted = [number for number, text in texts.items() if FROM_RIGHT.search(text)]
    if not wanted:
        return found
    import pypdfium2  # noqa: PLC0415 -- only files in these scripts pay for it

    with contextlib.suppress(pypdfium2.PdfiumError), contextlib.ExitStack() as opened:
        document = opened.enter_context(contextlib.closing(pypdfium2.PdfDocument(data)))
        for number in wanted:
            with contextlib.closing(document[number - 1].get_textpage()) as page:
                found[number] = reordered(texts[number], text_in_order(page)[0])
    return found


def reordered(text: str, read: str) -> str:
    """A text whose lines have the order of words of `read`, which has the same letters.

    Where too few lines are there again, all of `read`.
    """
    read = SHAPED.sub(plain_letters, read.replace("\r\n", "\n")).strip()
    known = {key_of(line): line.strip() for line in read.split("\n")}
    lines = text.split("\n")
    from_right = [place for place, line in enumerate(lines) if FROM_RIGHT.search(line)]
    missed = 0
    for place in from_right:
        line = known.get(key_of(lines[place]))
        missed += line is None
        lines[place] = line or lines[place]
    return read if missed > len(from_right) * ENOUGH else "\n".join(lines)


def key_of(line: str) -> str:
    """What two orders of the same words have in common: their letters, sorted."""
    return "".join(sorted(letters_of(line)))


def plain_letters(shaped: re.Match[str]) -> str:
    """Letters as people type them."""
    return unicodedata.normalize("NFKC", shaped.group())
