"""What may be quoted, and what is known about it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from documents.quoting.answer_kinds import KNOWN_LANGUAGES, counts, defines
from documents.quoting.units import cells_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from documents.quoting.answer_kinds import Kind
    from documents.quoting.questions import Question
    from documents.quoting.units import Unit
    from documents.quoting.words import WordReader

DEFINITION = 3.0
FIGURE = re.compile(r"\d")
# Of the words of two questions that are one.
SAME_QUESTION = 0.75


@dataclass(frozen=True)
class Passage:
    """A search result under the number by which it is cited."""

    number: int
    text: str
    # Title and heading.
    heading: str
    title: str = ""
    language: str = ""


@dataclass
class Candidate:
    """A unit that may be quoted."""

    passage: int
    position: int
    unit: Unit
    words: list[str]
    # The words above it inside of the passage.
    heading: frozenset[str]
    # Of a whole list.
    members: list[Candidate] = field(default_factory=list)
    score: float = 0.0
    kind: float = 0.0
    # How near its meaning is, between 0 and 1.
    near: float = 0.0
    is_covered: bool = False
    # How much of what the question is about stands neither in it nor around it.
    missing: float = 0.0
    is_ruled_out: bool = False
    # Whether it is quoted with the whole list it belongs to, or not at all.
    is_part: bool = False
    # Whether it stands behind the name of what is asked for, or below the very question.
    is_labelled: bool = False

    @property
    def text(self) -> str:
        """The words as they are compared and counted."""
        return "\n".join(one.unit.text for one in self.members) or self.unit.words


def has_figure_below(unit: Unit, kind: Kind) -> bool:
    """Whether a row has a figure in a column that is called like what is asked for."""
    if kind.column is None or not unit.header:
        return False
    named = zip(cells_of(unit.header), cells_of(unit.text), strict=False)
    return any(kind.column.search(name) and FIGURE.search(cell) for name, cell in named)


@dataclass(frozen=True)
class Wanted:
    """What a question asks for, beside its words."""

    kinds: Sequence[Kind]
    # What is to be counted.
    counted: frozenset[str]
    # The words of the question that its answer has to be about.
    own: frozenset[str]
    question: Question
    reader: WordReader

    @property
    def is_how_to(self) -> bool:
        """Whether steps are wanted."""
        return any(kind.name == "how_to" for kind in self.kinds)

    @property
    def is_topic(self) -> bool:
        """Whether anything will do that stands below the right heading."""
        return any(kind.name == "topic" for kind in self.kinds)

    @property
    def has_form(self) -> bool:
        """Whether an answer of the kind is known by what it has."""
        return bool(self.kinds) and self.kinds[0].given is not None

    def is_strict_for(self, passage: Passage) -> bool:
        """Whether only a unit of the kind answers."""
        language = passage.language or self.question.language
        return bool(self.kinds) and self.kinds[0].is_strict and language in KNOWN_LANGUAGES

    def is_labelled(self, unit: Unit) -> bool:
        """Whether the name of what is asked for stands before a unit, or the question itself.

        `Where: Hall C`, and what is below `Where do we meet?` in a list of frequent questions.
        """
        label = self.kinds[0].label if self.kinds else None
        has_name = label is not None and label.match(unit.words) is not None
        return has_name or self.is_asked_in(unit.question)

    def is_asked_in(self, question: str) -> bool:
        """Whether a question is this one, by its words."""
        words = set(self.reader.terms(question))
        both = len(words & self.question.own)
        return both > 0 and both >= SAME_QUESTION * len(words | self.question.own)

    def fit(self, candidate: Candidate, passage: Passage) -> float:
        """Whether a candidate has what is asked for: a number, steps, a definition; 0 if not."""
        if not self.kinds:
            return 0.0
        kind, unit = self.kinds[0], candidate.unit
        if kind.name == "how_to":
            return float(bool(candidate.members))
        if kind.given is not None:
            # The head of a table says what its values are.
            shown = f"{unit.header} {unit.words}"
            if kind.given.search(shown) is None:
                return float(candidate.is_labelled or has_figure_below(unit, kind))
            # In another language what is counted has another name.
            is_counting = self.counted and not self.question.is_foreign(passage.language)
            return float(not is_counting or counts(shown, self.counted, self.reader))
        if any(one.name == "meaning" for one in self.kinds):
            return DEFINITION * defines(unit.words, self.question.own, self.reader)
        return 0.0
