"""The names in a question, without which nothing answers it: `P400`, `E04`, `Napoli`."""

from __future__ import annotations

import re
from functools import lru_cache

from youworker.core.unicode import fold

TOKEN = re.compile(r"[^\W_][\w-]*[^\W_]|\d")
# Such a name stands for itself in every language.
CODE = re.compile(r"\A(?:[^\W\d]|-)*+\d[\w-]*+\Z")
SHORTEST_NAME, LONGEST_WHOLE, ENDING = 4, 6, 3
# German writes every noun like a name.
NOUNS_LIKE_NAMES = frozenset({"de", "lb"})
MOST_NAMES = 10
# Of a pasted page the beginning says what is asked.
LONGEST_ASKED = 500


def codes_in(question: str) -> list[str]:
    """The words with a digit in them."""
    words = TOKEN.findall(question[:LONGEST_ASKED])
    return list(dict.fromkeys(fold(word) for word in words if CODE.match(word)))[:MOST_NAMES]


def names_in(question: str, language: str) -> list[str]:
    """The words that are written like names, and what they begin with where they may be inflected.

    None of a question that is written in capitals throughout, or in a language that writes so.
    """
    words = TOKEN.findall(question[:LONGEST_ASKED])
    capital = [word for word in words[1:] if word[0].isupper()]
    if language in NOUNS_LIKE_NAMES or len(capital) * 2 > len(words):
        return []
    # Abbreviations are spelled out in many a document.
    found = [word for word in capital if len(word) >= SHORTEST_NAME and not word.isupper()]
    plain = [fold(word) for word in found if not CODE.match(word)]
    return list(dict.fromkeys(map(beginning, plain)))[:MOST_NAMES]


def beginning(name: str) -> str:
    """What other forms of a name share with it: `Ital` of `Italian`."""
    return (
        name if len(name) <= LONGEST_WHOLE - 1 else name[: max(SHORTEST_NAME, len(name) - ENDING)]
    )


def is_named(name: str, folded: str) -> bool:
    """Whether a folded text has a word that begins with a name; a code has to be the word."""
    return pattern_for(name).search(folded) is not None


@lru_cache(maxsize=256)
def pattern_for(name: str) -> re.Pattern[str]:
    """How a name is found."""
    end = r"(?!\w)" if CODE.match(name) else ""
    return re.compile(rf"(?<!\w){re.escape(name)}{end}")
