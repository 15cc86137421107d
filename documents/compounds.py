"""Parts of German compounds, by which they are found, too: `Versicherung` in `Krankenversicherung`.

Written words are divided where both sides are known and all of the word is used up. What is known
as a word of its own is not divided, or `Vertrag` would hold a `Trag`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

FILE = Path(__file__).parent / "compound_parts" / "german.txt"
LANGUAGE = "german"
# Nouns have capitals; verbs with prefixes look like compounds and are none.
NOUN = re.compile(r"\b[A-ZÄÖÜ][a-zäöüß]{8,63}(?![^\W_])")
SHORTEST_PART = 4
# What stands between parts, the likeliest first.
LINKS = ("", "s", "es", "n", "en", "er", "e")
MOST_DIVISIONS = 3
ENDINGS = ("en", "n", "e", "es", "s")
# A short word with one of them is likely to be another word.
LONGEST_ENDED = 6


def compound_parts(text: str) -> list[str]:
    """The parts of the German compounds in a text, each once, in lower case."""
    found: dict[str, None] = {}
    for word in set(NOUN.findall(text)):
        found |= dict.fromkeys(divided(word.lower()))
    return list(found)


# As many nouns as a large library has; about 5 MB.
@lru_cache(maxsize=20_000)
def divided(word: str) -> tuple[str, ...]:
    """The parts of a word in lower case; none when it is no compound of known words."""
    known = known_parts()
    return () if is_known(word, known) else division(word, MOST_DIVISIONS, known)


def division(word: str, most: int, known: Set[str]) -> tuple[str, ...]:
    """The first division of a word into known parts, with the longest last part."""
    for place in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
        before, last = word[:place], word[place:]
        if not is_known(last, known):
            continue
        if whole := next(first_parts(before, known), ""):
            return whole, last
        for first in filter(None, (unlinked(before, link) for link in LINKS)):
            if most > 1 and (parts := division(first, most - 1, known)):
                return *parts, last
    return ()


def first_parts(before: str, known: Set[str]) -> Iterator[str]:
    """The known words that what stands before a last part may be, the likeliest first."""
    for first in filter(None, (unlinked(before, link) for link in LINKS)):
        # A final e is left out in front of the next part: Mietvertrag, Schulbuch.
        yield from (each for each in (first, f"{first}e") if each in known)


def unlinked(before: str, link: str) -> str:
    """What stands before a link; nothing when it is too short, or the link is not there."""
    first = before.removesuffix(link)
    return first if before.endswith(link) and len(first) >= SHORTEST_PART else ""


def is_known(word: str, known: Set[str]) -> bool:
    """Whether a word is known, or is a known one with an ending."""
    return word in known or any(
        word.endswith(ending) and word.removesuffix(ending) in known and len(word) > LONGEST_ENDED
        for ending in ENDINGS
    )


@lru_cache(maxsize=1)
def known_parts() -> frozenset[str]:
    """The words that compounds are made of; about 2 MB, read when German is first indexed."""
    return frozenset(FILE.read_text(encoding="utf-8").split())
