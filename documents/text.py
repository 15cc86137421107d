"""What full-text search sees of a text: words for PostgreSQL's parser, and whole identifiers."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from documents.joined_numbers import joined_numbers
from documents.letters import legible, other_spellings, plain_letters
from documents.unspaced import RUN, with_pairs
from youworker.core.unicode import fold

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_IDENTIFIER = 80
MOST_IDENTIFIERS = 400
PUNCTUATION = ".,;:!?()[]{}<>\"'`*=&|\u2018\u2019\u201c\u201d\u00ab\u00bb\u2026"

# A word may hold no underscore here: `lru_cache` is a compound of two words.
WORD = r"[^\W_]++"
COMPOUND = re.compile(rf"(?<![^\W_]){WORD}(?:[._/:@\\#+-]++{WORD})+")
OPTION = re.compile(rf"(?<!\S)--?{WORD}(?:-{WORD})*")
SUFFIXED = re.compile(rf"(?<!\w){WORD}(?:\+\+|#)(?!\w)")
JOINT = re.compile(r"(?<=[^\W_])[._/:@\\#+-]+(?=[^\W_])")
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
CAMEL = re.compile(r"\b[A-Za-z][a-z0-9]*[A-Z][A-Za-z0-9]*\b")


@dataclass(frozen=True, slots=True)
class Indexable:
    """A text prepared for `to_tsvector`, and the lexemes its parser would have torn apart.

    `spellings` are the words with accents and the like, with what else they are found by.
    """

    words: str
    identifiers: list[str]
    spellings: dict[str, frozenset[str]]


def indexable(text: str, divide: Callable[[str], str] = with_pairs) -> Indexable:
    """Split compounds and CamelCase into words, and keep them whole as identifiers too.

    `divide` puts blanks into scripts that have none.
    """
    read = legible(text)
    plain = plain_letters(read)
    # Runs without blanks hold no identifiers and no accents.
    spaced = plain if plain.isascii() else RUN.sub(" ", plain)
    words, odd = plain, odd_tokens(spaced)
    if odd:
        words = JOINT.sub(" ", words)
        if CAMEL.search(odd):
            words = CAMEL.sub(lambda match: HUMP.sub(" ", match.group()), words)
    names = identifiers_in(odd)
    if read.isascii():
        return Indexable(words, [*names, *joined_numbers(plain)], {})
    names += [fold(name) for name in names if not name.isascii()]
    names += joined_numbers(spaced)
    words = words if spaced is plain else divide(words)
    return Indexable(words, names, other_spellings(spaced, read))


def identifiers(text: str) -> list[str]:
    """Dotted names, paths, options and CamelCase words, in lower case, in order of appearance."""
    return indexable(text).identifiers


def odd_tokens(text: str) -> str:
    """The tokens that are more than a plain word; most of a prose text is left out quickly."""
    return " ".join(token for token in text.split() if not is_plain(token.strip(PUNCTUATION)))


def is_plain(token: str) -> bool:
    """Whether a token is nothing but letters and digits, without capitals inside."""
    return not token or (token.isalnum() and token[1:] == token[1:].lower())


def identifiers_in(odd: str) -> list[str]:
    """The identifiers among some tokens."""
    found: dict[str, None] = {}
    for match in COMPOUND.finditer(odd):
        for name in with_neighbours(match.group().lower()):
            found[name] = None
    for pattern in (OPTION, SUFFIXED, CAMEL):
        for match in pattern.finditer(odd):
            found[match.group().lower()] = None
    kept = [name for name in found if len(name) <= LONGEST_IDENTIFIER]
    return kept[:MOST_IDENTIFIERS]


def with_neighbours(name: str) -> list[str]:
    """A dotted name and every pair of neighbours in it, so that `os.path` finds `os.path.join`."""
    parts = name.split(".")
    return [name, *(".".join(pair) for pair in itertools.pairwise(parts) if all(pair))]


def without_nul(text: str) -> str:
    """The text without the one character PostgreSQL cannot store."""
    return text.replace("\x00", "")
