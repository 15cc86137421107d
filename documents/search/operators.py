"""The operators of a query: "phrases", -exclusions and filters like `type:pdf`; knows no database.

What is no operator is left alone: other words with a colon, addresses, options, negative numbers,
dashes, quotes that nobody closed. A question without operators stays exactly as it is.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from documents.search.file_types import known_type
from documents.unspaced import UNSPACED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ValueT = TypeVar("ValueT")

# More is pasted, and whoever wrote that meant nobody's search by the quotes and dashes in it.
LONGEST_WITH_OPERATORS = 500
# Each phrase and each exclusion is looked up for itself.
MOST_OPERATORS = 20
# Shorter words behind a dash are options of programs: `rm -rf`.
SHORTEST_EXCLUDED = 3
NAMES = {
    "title": "title",
    "titolo": "title",
    "tag": "tag",
    "etichetta": "tag",
    "type": "type",
    "tipo": "type",
    "after": "after",
    "dopo": "after",
    "before": "before",
    "prima": "before",
    "collection": "collection",
    "raccolta": "collection",
}
FILTERS = frozenset(NAMES.values())
QUOTED = (
    r'(?:["\u201c\u201d\u201e\u201f\uff02][^"\u201c\u201d\u201e\u201f\uff02]+["\u201c\u201d\u201f\uff02]'
    "|\u00ab[^\u00ab\u00bb]+\u00bb|\u00bb[^\u00ab\u00bb]+\u00ab|\u300c[^\u300c\u300d]+\u300d)"
)
# Scripts without blanks have none around quotes, either.
CLOSED = rf"(?!(?![{UNSPACED}])[^\W_])"
OPENED = rf"(?<![^\s(\[{UNSPACED}])(?<!\S[(\[])"
OPERATOR = re.compile(
    rf"(?<!\S)(?P<negated>-?)(?P<name>[A-Za-z]{{3,10}}):(?P<value>{QUOTED}{CLOSED}|[\w*][^\s\"]*)"
    rf"|(?<!\S)-(?:(?P<without>{QUOTED}){CLOSED}|(?P<word>[^\W\d_]\S*))"
    rf"|{OPENED}(?P<phrase>{QUOTED}){CLOSED}"
)
MARKS = '"\u201c\u201d\u201e\u201f\uff02\u00ab\u00bb\u300c\u300d'
TRAILING = ".,;:!?)]}'\u2019\u2026" + MARKS
LETTER = re.compile(r"[^\W_]")
DAY = re.compile(r"((?:19|20|21)[0-9]{2})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?", re.ASCII)
# "Miet- oder -pachtvertrag": the dash stands for a part of the word.
SUSPENDED = re.compile(r"[^\W_]-(?!\S)")


@dataclass(frozen=True, slots=True)
class Filter:
    """One operator with a value, as `type:pdf`; a negated one keeps out what fits."""

    name: str
    value: str
    negated: bool = False


class Piece(NamedTuple):
    """An operator where it stands in a query; `name` is `phrase`, `excluded` or a filter's."""

    start: int
    end: int
    name: str
    value: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Understood:
    """What a query says: the words that are looked for, and what restricts where.

    `text` holds the words of the phrases, too, and is the whole query where it has no operators.
    """

    text: str
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    # Nothing had the phrases, so they were taken for words.
    relaxed: bool = False
    # In the order of the query, for whoever takes one away.
    pieces: tuple[Piece, ...] = ()

    @property
    def has_words(self) -> bool:
        """Whether there is anything to look for."""
        return bool(LETTER.search(self.text))

    @property
    def restricts(self) -> bool:
        """Whether anything in it is an operator."""
        return bool(self.phrases or self.excluded or self.filters)

    def values(self, name: str, *, negated: bool = False) -> tuple[str, ...]:
        """The values of one operator, in order."""
        return tuple(
            one.value for one in self.filters if one.name == name and one.negated == negated
        )

    @property
    def after(self) -> date | None:
        """The first day on which a document may have been added."""
        return max(map(date.fromisoformat, self.values("after")), default=None)

    @property
    def before(self) -> date | None:
        """The day before which a document was added."""
        return min(map(date.fromisoformat, self.values("before")), default=None)

    def as_json(self) -> dict[str, Any]:
        """What was understood, as the answer of a search tells it."""
        kept_out = [f"{one.name}:{one.value}" for one in self.filters if one.negated]
        after, before = self.after, self.before
        return {
            "text": self.text,
            "phrases": list(self.phrases),
            "excluded": [*self.excluded, *kept_out],
            "title": list(self.values("title")),
            "tags": list(self.values("tag")),
            "types": list(self.values("type")),
            "collections": list(self.values("collection")),
            "after": after.isoformat() if after else None,
            "before": before.isoformat() if before else None,
            "relaxed": self.relaxed,
        }


def understand(query: str) -> Understood:
    """Read the operators of a query.

    What only excludes leaves nothing to look for, so that it is words: `-rf` is somebody's option.
    """
    if len(query) > LONGEST_WITH_OPERATORS:
        return Understood(query)
    pieces = [piece for match in OPERATOR.finditer(query) if (piece := read_operator(match))]
    if not 0 < len(pieces) <= MOST_OPERATORS:
        return Understood(query)
    filters = [Filter(*piece[2:]) for piece in pieces if piece.name in FILTERS]
    understood = Understood(
        text_beside(query, pieces),
        once(piece.value for piece in pieces if piece.name == "phrase"),
        once(piece.value for piece in pieces if piece.name == "excluded"),
        once(filters),
        pieces=tuple(pieces),
    )
    return understood if understood.has_words or filters else Understood(query)


def text_beside(query: str, pieces: Sequence[Piece]) -> str:
    """A query without some operators; of a phrase, its words stay."""
    parts: list[str] = []
    end = 0
    for piece in pieces:
        parts += [query[end : piece.start], piece.value if piece.name == "phrase" else ""]
        end = piece.end
    return " ".join("".join([*parts, query[end:]]).split())


def read_operator(match: re.Match[str]) -> Piece | None:
    """What an operator says; none when it is plain words after all."""
    if match["name"]:
        found = read_filter(match["name"], match["value"], negated=bool(match["negated"]))
        return Piece(*match.span(), *astuple(found)) if found else None
    if match["word"]:
        word = excluded_word(match)
        return Piece(*match.span(), "excluded", word) if word else None
    words = unquoted(match["phrase"] or match["without"])
    name = "phrase" if match["phrase"] else "excluded"
    return Piece(*match.span(), name, words) if LETTER.search(words) else None


def excluded_word(match: re.Match[str]) -> str:
    """The word behind a dash; empty for an option of a program, and for a part of a word."""
    word: str = match["word"].rstrip(TRAILING)
    is_option = word.isascii() and len(word) < SHORTEST_EXCLUDED
    is_part = SUSPENDED.search(match.string, 0, match.start())
    return "" if is_option or is_part else word


def read_filter(name: str, value: str, *, negated: bool) -> Filter | None:
    """A known operator with a value that it can have."""
    known = NAMES.get(name.lower())
    value = unquoted(value) if value[0] in MARKS else value.rstrip(TRAILING)
    if known is None or not LETTER.search(value):
        return None
    if known in {"after", "before"}:
        day = first_day(value)
        return None if day is None or negated else Filter(known, day.isoformat())
    if known == "type":
        value = value.lower()
        return Filter(known, value, negated) if known_type(value) else None
    return Filter(known, value, negated)


def unquoted(text: str) -> str:
    """What stands in quotes, with single blanks."""
    return " ".join(text[1:-1].split())


def first_day(text: str) -> date | None:
    """The first day of a year, a month or a day; none for what is no date."""
    found = DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part or 1) for part in found.groups())
    with suppress(ValueError):
        return date(year, month, day)
    return None


def once(values: Iterable[ValueT]) -> tuple[ValueT, ...]:
    """The values in order, each once."""
    return tuple(dict.fromkeys(values))
