"""Words that the end of a line divided, in texts of pages."""

from __future__ import annotations

import re

# Where a line ended within a word, the extractor leaves one of these, whatever hyphen was there.
MARKS = "\x02\ufffe"
SOFT_HYPHEN = "\u00ad"
DIVIDED = re.compile(rf"(?<!\w)(\w++)([{MARKS}]|-\n(?=[^\W\dA-Z_]))(?=(\w++))")
COMPOUND = re.compile(r"(?<!\w)\w++-\w++")
# `Vor- und Nachteile`: what is left out is the end of the first word.
JOINING = {"und", "oder", "bzw", "sowie", "bis", "and", "or", "to", "et", "ou", "e", "o", "y", "en"}
HYPHENS = str.maketrans(dict.fromkeys(MARKS, "-"))


def mended(pages: list[str]) -> list[str]:
    """The pages with words whole that a line end divided; hyphens that belong to them stay.

    One belongs when the file has the word with its hyphen elsewhere, or when no syllable ends so.
    """
    pages = [page.replace(SOFT_HYPHEN, "") for page in pages]
    if not any(sign in page for page in pages for sign in (*MARKS, "-\n")):
        return pages
    compounds = {found.group().lower() for page in pages for found in COMPOUND.finditer(page)}

    def first_half(found: re.Match[str]) -> str:
        left, _, right = found.groups()
        if right.lower() in JOINING:
            return f"{left}- "
        is_kept = keeps_hyphen(left, right) or f"{left}-{right}".lower() in compounds
        return f"{left}-" if is_kept else left

    return [DIVIDED.sub(first_half, page).translate(HYPHENS) for page in pages]


def keeps_hyphen(left: str, right: str) -> bool:
    """Whether a hyphen is a word's own: `E-Mail`, `PDF-fähig`, `20-jährig`, `Covid-19`."""
    is_shouted = left.isupper() and right.isupper()
    is_short = len(left) == 1 or (left.isupper() and not is_shouted) or left[-1].isdigit()
    return is_short or (not right[0].islower() and not is_shouted)
