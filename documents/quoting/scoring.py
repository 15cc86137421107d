"""How well sentences answer by their words, their form and what stands around them."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from documents.quoting.units import QUESTION_MARKS, Form
from documents.unspaced import RUN

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from documents.quoting.candidates import Candidate, Wanted
    from documents.quoting.units import Unit

CODE = re.compile(
    r">>>|^\W*(?:def|class|import|from \w+ import|return|if .*:$|for .*:$|select\b.*\bfrom)\b"
    # From each beginning to the nearest bracket and sign only: `.*` would try every pair of them.
    r"|\w\([^)]*+\)[^=;{}]*+[=;{}]|[=;{}].*\w\(|^[$#>] ?\w",
)
# Added to the rarity of each word, so that two short passages do not make it everything.
EVEN = 0.5
MEANT_SHARE, ROW_BONUS = 0.3, 0.5
HEADING_SHARE, WHOLE_HEADING_SHARE = 0.45, 0.9
NEIGHBOUR_SHARE = 0.25
RANK_STEP, RANK_FLOOR = 0.04, 0.7
PROXIMITY = 0.1
KIND_BONUS = 0.15
FEW_WORDS, MANY_WORDS = 5, 60
SHORT_FACTOR, LONG_FACTOR, FRAGMENT_FACTOR = 0.6, 0.85, 0.75
QUESTION_FACTOR, CODE_FACTOR = 0.4, 0.7
# Of a whole statement.
ENDS = ".!:;\"'”\u2019»)\u3002\uff01」』।\u06d4"
# Found by trial on questions a manual answers and questions it does not.
LEAST_COVERAGE = 0.5
LESS_COVERAGE, SEVERAL = 0.33, 3
LEAST_COVERAGE_WITH_CONTEXT = 0.3
PARTS = re.compile(r" > |\n")


@dataclass
class Scale:
    """What each word of a question is worth among the sentences at hand."""

    worth: dict[str, float]
    total: float = field(init=False)

    def __post_init__(self) -> None:
        self.total = sum(self.worth.values()) or 1.0

    def limited(self, words: Set[str]) -> Scale:
        """The scale of some of the words."""
        return Scale({word: worth for word, worth in self.worth.items() if word in words})

    def share(self, words: Set[str]) -> float:
        """How much of the question a set of words covers, between 0 and 1."""
        if self.worth.keys().isdisjoint(words):
            return 0.0
        return sum(worth for word, worth in self.worth.items() if word in words) / self.total


def scale_of(
    wanted: Wanted, candidates: Sequence[Candidate], headings: Sequence[set[str]]
) -> Scale:
    """Rare words count more; a word found nowhere counts most.

    A row with a price does not say "costs": what the form of the answer stands for counts little.
    """
    question = wanted.question
    meant = question.own - wanted.own
    counts = Counter(word for candidate in candidates for word in set(candidate.words))
    in_headings = Counter(word for heading in headings for word in heading)
    size = len(candidates)
    worth = {}
    for word, weight in question.weights.items():
        found = counts[word] + in_headings[word]
        share = MEANT_SHARE if word in meant else 1.0
        worth[word] = share * weight * (EVEN + math.log(1 + (size + 1) / (found + 0.5)))
    return Scale(worth)


def covers(scale: Scale, own: Set[str], words: Set[str]) -> bool:
    """Whether a passage, heading and title included, is about the question at all.

    Long questions paraphrase; several of their words in one passage are as good as half of all.
    """
    if scale.share(words) < LEAST_COVERAGE_WITH_CONTEXT:
        return False
    share = scale.limited(own).share(words)
    return share >= LEAST_COVERAGE or (share >= LESS_COVERAGE and len(own & words) >= SEVERAL)


def title_share(heading: str, scale: Scale, wanted: Wanted) -> float:
    """1 when a part of the title is asked about, and nothing else: such a passage defines it."""
    parts = [set(wanted.reader.terms(part)) for part in PARTS.split(heading)]
    return float(any(part and part <= scale.worth.keys() for part in parts))


def row_bonus(candidate: Candidate, scale: Scale, around: set[str], wanted: Wanted) -> float:
    """What a row gets that has the figure asked for: more, the more it is about the question.

    A sentence has verbs in common with a question, and says less of the thing. A line with the name
    of what is asked for is such a row, of what it stands under.
    """
    words = set(candidate.words)
    is_row = candidate.unit.form is Form.ROW and wanted.has_form and candidate.kind > 0
    is_about = candidate.is_labelled or (is_row and not wanted.own.isdisjoint(words))
    if not is_about:
        return 0.0
    about = scale.limited(wanted.own).share(words | candidate.heading | around)
    return ROW_BONUS * about * about


def score(
    candidate: Candidate, scale: Scale, title: set[str], nearby: set[str], *, by_heading: bool
) -> float:
    """How well a unit answers; what its surroundings say counts in part."""
    words, heading = set(candidate.words), candidate.heading | title
    own = scale.share(words)
    is_whole = bool(candidate.members)
    by_heading = by_heading or is_whole
    if not own and not by_heading:
        return 0.0
    # What steps are for stands above them.
    share = WHOLE_HEADING_SHARE if by_heading else HEADING_SHARE
    rated = own + share * scale.share(candidate.heading - words)
    rated += HEADING_SHARE * scale.share(title - candidate.heading - words)
    rated += NEIGHBOUR_SHARE * scale.share(nearby - words - heading)
    rated += PROXIMITY * closeness(candidate.words, scale)
    rated += KIND_BONUS * candidate.kind
    rated *= max(RANK_FLOOR, 1 - RANK_STEP * candidate.passage)
    is_statement = is_whole or candidate.is_labelled
    return rated * (1.0 if is_statement else form_factor(candidate.unit))


def closeness(words: Sequence[str], scale: Scale) -> float:
    """Near 1 when the question's words stand side by side, 0 when only one is there."""
    places = {word: place for place, word in enumerate(words) if word in scale.worth}
    if len(places) < 2:  # noqa: PLR2004 -- two words are needed for a distance
        return 0.0
    return len(places) / (max(places.values()) - min(places.values()) + 1)


def form_factor(unit: Unit) -> float:
    """Prefer whole statements of a readable length."""
    text = unit.words
    if unit.form in (Form.ROW, Form.DEFINITION):
        return 1.0
    count = count_words(text)
    factor = 1.0
    if count < FEW_WORDS:
        factor = SHORT_FACTOR
    elif count > MANY_WORDS:
        factor = LONG_FACTOR
    if CODE.search(text):
        factor *= CODE_FACTOR
    if text.rstrip("\"'”\u2019»)*_`").endswith(QUESTION_MARKS):
        return factor * QUESTION_FACTOR
    return factor if text[-1] in ENDS else factor * FRAGMENT_FACTOR


def count_words(text: str) -> int:
    """About how many words a sentence has; two characters are one in scripts without blanks."""
    if text.isascii():
        return len(text.split())
    unspaced = sum(map(len, RUN.findall(text)))
    return len(RUN.sub(" ", text).split()) + unspaced // 2
