"""What a passage must have and must not have: phrases, and excluded words, as parts of SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from documents.language import STOP_WORDS, stop_words
from documents.quoting.words import LETTER
from documents.search.query import MOST_LEXEMES, disjunction, read_terms
from documents.text import indexable
from documents.unspaced import RUN, pairs
from youworker.core.unicode import ACCENT, fold

if TYPE_CHECKING:
    from documents.search.operators import Understood

WORDS = re.compile(rf"(?:{LETTER})+")
MOST_WORDS = 50
# What SQL's `lower` and normal forms leave: letters that `fold` writes as two, or as another one.
PAIRS = {"\u00df": "ss", "\u00e6": "ae", "\u0153": "oe", "\u00fe": "th"}
SINGLES = (
    "\u03c2\u00f8\u0142\u0111\u00f0\u0131\u0127\u0167"
    "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669"
    "\u06f0\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6\u06f7\u06f8\u06f9"
    "\u0966\u0967\u0968\u0969\u096a\u096b\u096c\u096d\u096e\u096f",
    "\u03c3oldd" + "iht" + "0123456789" * 3,
)
# Accents as `fold` knows them, and what is invisible inside of words.
LEFT_OUT = ACCENT.pattern + "|[\u00ad\u034f\u200b-\u200f\u2060-\u2064\ufeff]"
# What a passage says, by itself and above it; each is read for itself.
PLACES = (
    "p.text",
    "p.heading",
    "(SELECT title FROM documents_document WHERE id = p.document_id)",
)


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions on a passage `p`.

    `required` is a `tsquery` for what has to be there, by which the index finds candidates; empty
    when the index cannot say. `checks` are conditions that begin with AND.
    """

    required: str = ""
    checks: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)


def conditions_of(understood: Understood) -> Conditions:
    """The conditions that the phrases and the exclusions of a query make."""
    required: list[str] = []
    checks: list[str] = []
    parameters: dict[str, Any] = {}
    # Relaxed, they are words like others.
    for index, phrase in enumerate(() if understood.relaxed else understood.phrases):
        if lexemes := lexemes_of(phrase):
            required.append(f"({lexemes})")
        checks.append(verbatim(phrase, f"phrase{index}", parameters))
    for index, words in enumerate(understood.excluded):
        checks.append(f"NOT ({presence(words, f'excluded{index}', parameters)})")
    if checks:
        parameters["left_out"] = LEFT_OUT
    joined = "".join(f" AND {check}" for check in checks)
    return Conditions(" & ".join(required), joined, parameters)


def presence(words: str, name: str, parameters: dict[str, Any]) -> str:
    """The condition that a passage has some words: one in any form, several as they stand."""
    lexemes = lexemes_of(words)
    if not lexemes:
        return verbatim(words, name, parameters)
    parameters[f"{name}_lexemes"] = lexemes
    indexed = f"p.search @@ %({name}_lexemes)s::tsquery"
    if len(WORDS.findall(words)) == 1 and not RUN.search(words):
        return indexed
    return f"{indexed} AND {verbatim(words, name, parameters)}"


def lexemes_of(words: str) -> str:
    """A `tsquery` for all of some words, in the forms of every language in use.

    It finds more than what has the words as they stand, and nothing less: what is a stop word
    somewhere is not in the index there, with or without its accents. Empty for stop words alone.
    """
    asked = indexable(words, with_every_pair)
    telling = [word for word in WORDS.findall(asked.words) if fold(word) not in folded_stop_words()]
    terms = read_terms(replace(asked, words=" ".join(telling), identifiers=[]))
    return " & ".join(disjunction(term) for term in terms[:MOST_LEXEMES])


@lru_cache(maxsize=1)
def folded_stop_words() -> frozenset[str]:
    """The stop words of all languages, without accents."""
    names = [file.stem for file in STOP_WORDS.glob("*.stop")]
    return frozenset(fold(word) for name in names for word in stop_words(name))


def with_every_pair(text: str) -> str:
    """A phrase for the index: runs as all their pairs."""
    return RUN.sub(lambda run: f" {' '.join(pairs(run[0], whole=False))} ", text)


def verbatim(words: str, name: str, parameters: dict[str, Any]) -> str:
    """The condition that a passage says some words as they stand, whatever is between them.

    Accents, case and the like do not count.
    """
    parameters[name] = pattern_of(words)
    return "(" + " OR ".join(f"{folded(place)} ~ %({name})s" for place in PLACES) + ")"


def pattern_of(words: str) -> str:
    """A regular expression of PostgreSQL for whole words that follow each other."""
    found = WORDS.findall(fold(words).replace("_", " "))[:MOST_WORDS]
    if not found:
        # Of a single sign, such as an accent, nothing is left to compare.
        return re.escape(words)
    before = "" if RUN.match(found[0]) else "(?<![[:alnum:]])"
    after = "" if RUN.match(found[-1][-1]) else "(?![[:alnum:]])"
    return before + "[^[:alnum:]]+".join(found) + after


def folded(place: str) -> str:
    """A column as `fold` makes it, in SQL: an extension for this may be missing on a server."""
    bare = f"regexp_replace(lower(normalize({place}, NFKD)), %(left_out)s, '', 'g')"
    text = f"translate(normalize({bare}, NFC), '{SINGLES[0]}', '{SINGLES[1]}')"
    for letter, letters in PAIRS.items():
        text = f"replace({text}, '{letter}', '{letters}')"
    return text
