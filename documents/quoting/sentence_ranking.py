"""Picks the sentences of passages that answer a question best."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from documents.quoting.answer_kinds import counted_words, kinds_of
from documents.quoting.candidates import Candidate, Passage, Wanted
from documents.quoting.choosing import LEAST_SCORE, MOST_OF_LIST, Quote, chosen, quotes_of
from documents.quoting.foreign import let_foreign_answer
from documents.quoting.names import codes_in, is_named, names_in
from documents.quoting.questions import parts_of
from documents.quoting.scoring import covers, row_bonus, scale_of, score, title_share
from documents.quoting.units import Form, units_of
from documents.quoting.words import reader_of
from youworker.core.unicode import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from documents.quoting.meaning import Meaning
    from documents.quoting.questions import Question
    from documents.quoting.scoring import Scale
    from documents.quoting.units import Unit
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
FEWEST_LETTERS, LONGEST_CHARACTERS = 3, 700


def best_quotes(
    question: Question, passages: Sequence[Passage], *, meaning: Meaning | None = None
) -> list[Quote]:
    """The quotes that answer the question, best passage first; none when nothing fits.

    `meaning` also finds what is said in other words, or in another language.
    """
    parts = parts_of(question, reader_of(question.language, question.asked_in))
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
    scale = scale_of(wanted, candidates, headings)
    for group, passage, heading in zip(groups, passages, headings, strict=True):
        touched = heading.union(*(one.heading.union(one.words) for one in group))
        is_covered = covers(scale, wanted.own, touched)
        rate_group(group, passage, wanted, scale, heading, is_covered=is_covered)
    compare(question, candidates, passages, meaning)
    check_names(question, candidates, passages)
    is_compared = any(candidate.near for candidate in candidates)
    for candidate in candidates:
        decide(candidate, wanted, passages[candidate.passage], is_compared=is_compared)
    let_foreign_answer(candidates, wanted, passages, meaning if is_compared else None)
    return quotes_of(chosen(candidates), groups, passages, with_code=wanted.is_how_to)


def usable_units(
    index: int, passage: Passage, reader: WordReader, wanted: Wanted
) -> list[Candidate]:
    """What may be quoted of a passage: no navigation, no orders, no endless lines.

    Who asks how something is done gets lists and code whole.
    """
    found = list[Candidate]()
    # Whole lists and sections stand below the same heading.
    terms_above = cache(lambda above: frozenset(reader.terms(above)))
    for position, unit in enumerate(units_of(passage.text, passage.heading, passage.title)):
        longest = MOST_OF_LIST if unit.is_code else LONGEST_CHARACTERS
        # A time may have more figures than letters.
        if len(unit.text) > longest or (is_noise(unit) and not wanted.is_labelled(unit)):
            continue
        heading = terms_above(f"{unit.heading} {unit.header}")
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
        if not (first.unit.form is Form.STEP or first.unit.is_code) or not is_whole:
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
    letters = sum(map(str.isalpha if text.isascii() else is_letter, text))
    if unit.is_code or unit.form in (Form.ROW, Form.STEP):
        # Of a row much is figures, bars are no navigation, and a step is none of it either.
        return letters < FEWEST_LETTERS or ORDERS.search(text) is not None
    return letters * 2 < len(text) or bool(BOILERPLATE.search(text) or ORDERS.search(text))


def is_letter(char: str) -> bool:
    """Whether a character is a letter, or a sign that is written around one."""
    return char.isalpha() or unicodedata.category(char).startswith("M")


def wanted_by(question: Question, reader: WordReader) -> Wanted:
    """The kinds of answer that a question asks for."""
    asked = question.asked_for
    kinds, counted = kinds_of(asked), counted_words(asked, reader)
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
        candidate.is_labelled = wanted.is_labelled(candidate.unit)
        candidate.kind = wanted.fit(candidate, passage)
        by_heading = wanted.is_topic or candidate.is_labelled
        candidate.score = score(candidate, scale, heading, nearby, by_heading=by_heading)
        named = heading | nearby if candidate.is_labelled else heading
        candidate.score += row_bonus(candidate, scale, named, wanted)
        if candidate.score and place < FIRST_SENTENCES:
            candidate.score += TITLE_BONUS * title


def compare(
    question: Question,
    candidates: Sequence[Candidate],
    passages: Sequence[Passage],
    meaning: Meaning | None,
) -> None:
    """Note how near the candidates come to the question that words speak for most."""
    if meaning is None:
        return
    # In the order of the search where words say nothing, what has the right form first.
    likely = sorted(candidates, key=order_of_comparing)
    texts = [text_for_meaning(one, passages[one.passage]) for one in likely]
    for candidate, near in zip(likely, meaning(question.query, texts), strict=False):
        candidate.near = near


def order_of_comparing(candidate: Candidate) -> tuple[float, bool, int, int]:
    """What decides which candidates are compared, for not all of them are."""
    return -candidate.score, not candidate.kind, candidate.passage, candidate.position


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
        # The same words may be about something else; a label says what it is about.
        nearness = 1.0 if candidate.is_labelled else min(1.0, candidate.near / SURE_NEAR)
        candidate.score *= FAR_FACTOR + (1 - FAR_FACTOR) * nearness
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
