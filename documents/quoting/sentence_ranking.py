"""Picks the sentences of passages that answer a question best."""

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from documents.quoting.answer_kinds import counted_words, kinds_of
from documents.quoting.candidates import Candidate, Passage, Wanted
from documents.quoting.choosing import LEAST_SCORE, MOST_OF_LIST, Quote, chosen, quotes_of
from documents.quoting.names import codes_in, is_named, names_in
from documents.quoting.questions import parts_of
from documents.quoting.sentences import without_links
from documents.quoting.units import Form, Unit, units_of
from documents.quoting.words import reader_of
from documents.unspaced import RUN
from youworker.core.unicode import fold

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from documents.quoting.meaning import Meaning
    from documents.quoting.questions import Question
    from documents.quoting.words import WordReader

__all__ = ["Passage", "Quote", "best_quotes"]

BOILERPLATE = re.compile(
    r"^(?:prev(?:ious)?|next|up|home|index|modules|menu|search|back to top|table of contents"
    r"|skip to|show source|privacy policy|cookie|log ?in|sign (?:in|up)|share|print|indice|cerca"
    r"|avanti|indietro|precedente|successivo)\b[^.!?]{0,60}$"
    r"|©|\ball rights reserved\b|^copyright\b|\bcookies?\b.{0,40}\b(?:accept|consent|policy)"
    r"|^\W*(?:https?://\S+|www\.\S+)\W*$|(?:\s[|»\u203a]\s.*){3,}|\.{5,}",
    re.I,
)
# Text that talks to the assistant is nobody's answer.
ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override|ignora|dimentica)\b.{0,60}"
    r"\b(?:instructions?|prompts?|rules|istruzioni|regole)\b|<\s*/?\s*(?:system|untrusted)\b",
    re.I,
)
CODE = re.compile(
    r">>>|^\W*(?:def|class|import|from \w+ import|return|if .*:$|for .*:$|select\b.*\bfrom)\b"
    # From each beginning to the nearest bracket and sign only: `.*` would try every pair of them.
    r"|\w\([^)]*+\)[^=;{}]*+[=;{}]|[=;{}].*\w\(|^[$#>] ?\w",
)
# Added to the rarity of each word, so that two short passages do not make it everything.
EVEN = 0.5
HEADING_SHARE, WHOLE_HEADING_SHARE = 0.45, 0.9
NEIGHBOUR_SHARE = 0.25
RANK_STEP, RANK_FLOOR = 0.04, 0.7
PROXIMITY = 0.1
KIND_BONUS = 0.15
FEW_WORDS, MANY_WORDS, LONGEST_CHARACTERS = 5, 60, 700
SHORT_FACTOR, LONG_FACTOR, FRAGMENT_FACTOR = 0.6, 0.85, 0.75
QUESTION_FACTOR, CODE_FACTOR = 0.4, 0.7
# Of a whole statement.
ENDS = ".!:;\"'”\u2019»)\u3002\uff01」』।\u06d4"
# Found by trial on questions a manual answers and questions it does not.
LEAST_COVERAGE = 0.5
LESS_COVERAGE, SEVERAL = 0.33, 3
LEAST_COVERAGE_WITH_CONTEXT = 0.3
# Of a unit, near enough in meaning to be the answer whatever its words are.
SURE_NEAR, FOREIGN_NEAR = 0.62, 0.56
NEAR_SHARE, FAR_FACTOR, UNFIT_FACTOR = 0.8, 0.7, 0.6
COVERED_NEAR, NEVER = 0.5, 2.0
# Nearer than this has to be what has most words of the question, and what lacks more of them.
LEAST_NEAR, MISSING_NEAR, MOST_MISSING = 0.3, 0.58, 0.3
MISSING_NAME = 0.85
# Of eight passages.
FEW_NAMED = 2
TITLE_BONUS, FIRST_SENTENCES = 0.3, 2
PARTS = re.compile(r" > |\n")
FEWEST_LETTERS = 3


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
        return sum(worth for word, worth in self.worth.items() if word in words) / self.total


def best_quotes(
    question: Question, passages: Sequence[Passage], *, meaning: Meaning | None = None
) -> list[Quote]:
    """The quotes that answer the question, best passage first; none when nothing fits.

    `meaning` also finds what is said in other words, or in another language.
    """
    parts = parts_of(question, reader_of(question.language))
    found = [quote for part in parts for quote in quotes_for(part, passages, meaning)]
    return list({(quote.number, quote.text): quote for quote in found}.values())


def quotes_for(
    question: Question, passages: Sequence[Passage], meaning: Meaning | None
) -> list[Quote]:
    """The quotes that answer a question which asks one thing."""
    reader = reader_of(question.language)
    wanted = wanted_by(question, reader)
    groups = [
        usable_units(index, passage, reader, wanted) for index, passage in enumerate(passages)
    ]
    candidates = [candidate for group in groups for candidate in group]
    if not candidates or not question.weights:
        return []
    headings = [set(reader.terms(passage.heading)) for passage in passages]
    scale = scale_of(question, candidates, headings)
    for group, passage, heading in zip(groups, passages, headings, strict=True):
        touched = heading.union(*(one.heading.union(one.words) for one in group))
        is_covered = covers(scale, wanted.own, touched)
        rate_group(group, passage, wanted, scale, heading, is_covered=is_covered)
    compare(question, candidates, passages, meaning)
    check_names(question, candidates, passages)
    is_compared = any(candidate.near for candidate in candidates)
    for candidate in candidates:
        decide(candidate, wanted, passages[candidate.passage], is_compared=is_compared)
    return quotes_of(chosen(candidates), groups, passages)


def usable_units(
    index: int, passage: Passage, reader: WordReader, wanted: Wanted
) -> list[Candidate]:
    """What may be quoted of a passage: no navigation, no orders, no endless lines.

    Who asks how something is done gets lists and code whole.
    """
    found = list[Candidate]()
    for position, unit in enumerate(units_of(without_links(passage.text))):
        longest = MOST_OF_LIST if unit.form is Form.CODE else LONGEST_CHARACTERS
        if len(unit.text) > longest or is_noise(unit):
            continue
        heading = set(reader.terms(f"{unit.heading} {unit.header}"))
        found.append(Candidate(index, position, unit, reader.terms(unit.words), heading))
    if wanted.is_how_to:
        found += whole_groups(found)
    return found


def whole_groups(units: Sequence[Candidate]) -> list[Candidate]:
    """Each list of steps and each piece of code of a passage as one candidate."""
    found = []
    for _, grouped in itertools.groupby(units, key=lambda one: one.unit.group):
        members = list(grouped)
        first = members[0]
        is_whole = sum(len(one.unit.text) for one in members) <= MOST_OF_LIST
        if first.unit.form not in (Form.STEP, Form.CODE) or not is_whole:
            continue
        words = [word for one in members for word in one.words]
        whole = Candidate(first.passage, first.position, first.unit, words, first.heading)
        whole.members = members
        for one in members:
            one.is_part = True
        found.append(whole)
    return found


def is_noise(unit: Unit) -> bool:
    """Whether a unit is no statement of the document."""
    text = unit.words
    letters = sum(map(is_letter, text))
    if unit.form in (Form.ROW, Form.STEP, Form.CODE):
        # Of a row much is figures, bars are no navigation, and a step is none of it either.
        return letters < FEWEST_LETTERS or ORDERS.search(text) is not None
    return letters * 2 < len(text) or bool(BOILERPLATE.search(text) or ORDERS.search(text))


def is_letter(char: str) -> bool:
    """Whether a character is a letter, or a sign that is written around one."""
    return char.isalpha() or unicodedata.category(char).startswith("M")


def scale_of(
    question: Question, candidates: Sequence[Candidate], headings: Sequence[set[str]]
) -> Scale:
    """Rare words count more; a word found nowhere counts most."""
    counts = Counter(word for candidate in candidates for word in set(candidate.words))
    in_headings = Counter(word for heading in headings for word in heading)
    size = len(candidates)
    worth = {}
    for word, weight in question.weights.items():
        found = counts[word] + in_headings[word]
        worth[word] = weight * (EVEN + math.log(1 + (size + 1) / (found + 0.5)))
    return Scale(worth)


def covers(scale: Scale, own: Set[str], words: Set[str]) -> bool:
    """Whether a passage, heading and title included, is about the question at all.

    Long questions paraphrase; several of their words in one passage are as good as half of all.
    """
    if scale.share(words) < LEAST_COVERAGE_WITH_CONTEXT:
        return False
    share = scale.limited(own).share(words)
    return share >= LEAST_COVERAGE or (share >= LESS_COVERAGE and len(own & words) >= SEVERAL)


def wanted_by(question: Question, reader: WordReader) -> Wanted:
    """The kinds of answer that a question asks for."""
    kinds = kinds_of(question.asked_for)
    counted = counted_words(question.asked_for, reader)
    meant = reader.terms(" ".join(kinds[0].meant)) if kinds else []
    # A question of nothing else is about these words after all.
    own = question.own.difference(meant) or question.own
    return Wanted(kinds, counted, own, question, reader)


def rate_group(
    group: Sequence[Candidate],
    passage: Passage,
    wanted: Wanted,
    scale: Scale,
    heading: set[str],
    *,
    is_covered: bool,
) -> None:
    """Rate the units of one passage by their words."""
    single = [one for one in group if not one.members]
    places = {one.position: place for place, one in enumerate(single)}
    title = title_share(passage.heading, scale, wanted)
    for candidate in group:
        place = places[candidate.position]
        around = [*single[max(0, place - 2) : place], *single[place + 1 : place + 2]]
        nearby = {word for other in around for word in other.words}
        around_it = heading.union(candidate.heading, candidate.words, nearby)
        candidate.missing = len(wanted.own - around_it) / len(wanted.own)
        candidate.is_covered = is_covered
        candidate.kind = wanted.fit(candidate, passage)
        candidate.score = score(candidate, scale, heading, nearby)
        if candidate.score and place < FIRST_SENTENCES:
            candidate.score += TITLE_BONUS * title


def title_share(heading: str, scale: Scale, wanted: Wanted) -> float:
    """1 when a part of the title is asked about, and nothing else: such a passage defines it."""
    parts = [set(wanted.reader.terms(part)) for part in PARTS.split(heading)]
    return float(any(part and part <= scale.worth.keys() for part in parts))


def score(candidate: Candidate, scale: Scale, title: set[str], nearby: set[str]) -> float:
    """How well a unit answers; what its surroundings say counts in part."""
    words, heading = set(candidate.words), candidate.heading | title
    own = scale.share(words)
    is_whole = bool(candidate.members)
    if not own and not is_whole:
        return 0.0
    # What steps are for stands above them.
    share = WHOLE_HEADING_SHARE if is_whole else HEADING_SHARE
    rated = own + share * scale.share(candidate.heading - words)
    rated += HEADING_SHARE * scale.share(title - candidate.heading - words)
    rated += NEIGHBOUR_SHARE * scale.share(nearby - words - heading)
    rated += PROXIMITY * closeness(candidate.words, scale)
    rated += KIND_BONUS * candidate.kind
    rated *= max(RANK_FLOOR, 1 - RANK_STEP * candidate.passage)
    return rated * (1.0 if is_whole else form_factor(candidate.unit))


def compare(
    question: Question,
    candidates: Sequence[Candidate],
    passages: Sequence[Passage],
    meaning: Meaning | None,
) -> None:
    """Note how near the candidates come to the question that words speak for most."""
    if meaning is None:
        return
    # In the order of the search where words say nothing.
    likely = sorted(candidates, key=lambda one: (-one.score, one.passage, one.position))
    texts = [text_for_meaning(one, passages[one.passage]) for one in likely]
    for candidate, near in zip(likely, meaning(question.query, texts), strict=False):
        candidate.near = near


def text_for_meaning(candidate: Candidate, passage: Passage) -> str:
    """What stands for a candidate: with what it is about, which it may not say itself."""
    unit = candidate.unit
    parts = (member.unit.words for member in candidate.members)
    words = " ".join(parts) if candidate.members else unit.words
    return " ".join(filter(None, (passage.title, unit.heading, unit.header, words)))


def check_names(
    question: Question, candidates: Sequence[Candidate], passages: Sequence[Passage]
) -> None:
    """Rule out passages without a name of the question that few others have, or none.

    What most of them have goes without saying.
    """
    texts = [fold(f"{passage.heading} {passage.text}") for passage in passages]
    codes = codes_in(question.text)
    names = [*codes, *names_in(question.text, question.asked_in)]
    missing = [{name for name in names if not is_named(name, text)} for text in texts]
    counts = Counter(name for lacking in missing for name in lacking)
    telling = {name for name in names if len(passages) - counts[name] <= FEW_NAMED}
    for candidate in candidates:
        passage, lacking = passages[candidate.passage], missing[candidate.passage]
        # Other languages have other names for places, but not for things.
        if question.is_foreign(passage.language):
            lacking = lacking.intersection(codes)
        if not lacking.isdisjoint(telling.union(codes)):
            candidate.is_ruled_out = True
        elif lacking:
            candidate.score *= MISSING_NAME


def decide(candidate: Candidate, wanted: Wanted, passage: Passage, *, is_compared: bool) -> None:
    """Add up words and meaning; nothing remains of what cannot be the answer."""
    is_unfit = not candidate.kind and wanted.is_strict_for(passage)
    if candidate.is_ruled_out or candidate.is_part or is_unfit:
        candidate.score = 0.0
        return
    is_foreign = wanted.question.is_foreign(passage.language)
    if not candidate.kind and wanted.has_form:
        candidate.score *= UNFIT_FACTOR
    if not is_compared:
        candidate.score *= candidate.is_covered
    elif candidate.near >= near_enough(candidate, wanted, is_foreign=is_foreign):
        candidate.score = max(candidate.score, LEAST_SCORE) + NEAR_SHARE * candidate.near
    elif is_foreign or not candidate.is_covered or is_far(candidate):
        candidate.score = 0.0
    elif candidate.score:
        # The same words may be about something else.
        candidate.score *= FAR_FACTOR + (1 - FAR_FACTOR) * min(1.0, candidate.near / SURE_NEAR)
        candidate.score += NEAR_SHARE * candidate.near


def near_enough(candidate: Candidate, wanted: Wanted, *, is_foreign: bool) -> float:
    """How near in meaning a candidate has to be to answer whatever its words are."""
    if is_foreign:
        return FOREIGN_NEAR
    if not candidate.kind or not wanted.has_form:
        return NEVER
    return COVERED_NEAR if candidate.is_covered and not candidate.missing else SURE_NEAR


def is_far(candidate: Candidate) -> bool:
    """Whether a candidate with words of the question is about something else all the same."""
    if not candidate.missing:
        return False
    return candidate.near < (MISSING_NEAR if candidate.missing > MOST_MISSING else LEAST_NEAR)


def closeness(words: Sequence[str], scale: Scale) -> float:
    """Near 1 when the question's words stand side by side, 0 when only one is there."""
    places = {word: place for place, word in enumerate(words) if word in scale.worth}
    if len(places) < 2:  # noqa: PLR2004 -- two words are needed for a distance
        return 0.0
    return len(places) / (max(places.values()) - min(places.values()) + 1)


def form_factor(unit: Unit) -> float:
    """Prefer whole statements of a readable length."""
    text = unit.words
    if unit.form is Form.ROW:
        return 1.0
    count = count_words(text)
    factor = 1.0
    if count < FEW_WORDS:
        factor = SHORT_FACTOR
    elif count > MANY_WORDS:
        factor = LONG_FACTOR
    if CODE.search(text):
        factor *= CODE_FACTOR
    if text.rstrip("\"'”\u2019»)*_`").endswith(("?", "\uff1f", "؟")):
        return factor * QUESTION_FACTOR
    return factor if text[-1] in ENDS else factor * FRAGMENT_FACTOR


def count_words(text: str) -> int:
    """About how many words a sentence has; two characters are one in scripts without blanks."""
    unspaced = sum(map(len, RUN.findall(text)))
    return len(RUN.sub(" ", text).split()) + unspaced // 2
