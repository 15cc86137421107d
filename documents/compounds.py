"""Parts of German compounds, by which they are found, too: `Versicherung` in `Krankenversicherung`.

Written words are divided where both sides are known and all of the word is used up. What is known
as a word of its own is not divided, or `Vertrag` would hold a `Trag`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

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
    return () if word in known_parts() else division(word, MOST_DIVISIONS)


def division(word: str, most: int) -> tuple[str, ...]:
    """The first division of a word into known parts, with the longest last part."""
    known = known_parts()
    for place in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
        last = word[place:]
        if not is_known(last):
            continue
        for link in LINKS:
            first = word[:place].removesuffix(link)
            if not word[:place].endswith(link) or len(first) < SHORTEST_PART:
                continue
            # A final e is left out in front of the next part: Mietvertrag, Schulbuch.
            if whole := next((each for each in (first, f"{first}e") if each in known), ""):
                return whole, last
            if most > 1 and (parts := division(first, most - 1)):
                return *parts, last
    return ()


def is_known(last: str) -> bool:
    """Whether the last part of a compound is a known word, or one with an ending."""
    known = known_parts()
    return last in known or any(
        last.endswith(ending) and last.removesuffix(ending) in known and len(last) > LONGEST_ENDED
        for ending in ENDINGS
    )


@lru_cache(maxsize=1)
def known_parts() -> frozenset[str]:
    """The words that compounds are made of; about 2 MB, read when German is first indexed."""
    return frozenset(FILE.read_text(encoding="utf-8").split())
