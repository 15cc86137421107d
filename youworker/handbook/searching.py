"""Search over the handbook: a few hundred sections in memory, ranked by the words they share."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from math import log
from typing import TYPE_CHECKING

from documents.language import stem, stop_words
from youworker.handbook.contents import PARTS
from youworker.handbook.rendering import read_page

if TYPE_CHECKING:
    from youworker.handbook.rendering import Section

WORD = re.compile(r"\w+")
MOST_WORDS = 12
MOST_FOUND = 20
EXCERPT_CHARACTERS = 220
# A word of a title says more about a section than one of its text.
TITLE_WEIGHT = 4
HEADING_WEIGHT = 6
# Beginnings of words count as well, for people who are still typing.
SHORTEST_BEGINNING = 3
BEGINNING_WEIGHT = 0.5
# Different words at which a section has a bit of everything, and counts half.
LONG_SECTION = 100


@dataclass(frozen=True)
class Place:
    """A section of a page, with the words it has and how much each weighs."""

    page: str
    title: str
    section: Section
    weights: dict[str, float]
    language: str


@dataclass(frozen=True)
class Found:
    """A section that fits a question."""

    page: str
    title: str
    heading: str
    anchor: str
    excerpt: str


def search_pages(question: str, pages: tuple[str, ...], language: str) -> list[Found]:
    """The sections of these pages that share most of the question's words, best first."""
    places = [place for place in index(language) if place.page in pages]
    words = list(dict.fromkeys(words_of(question)))[:MOST_WORDS]
    rarity = {word: rarity_of(word, places) for word in words}
    ranked = sorted(
        ((fit(words, rarity, place), -at, place) for at, place in enumerate(places)), reverse=True
    )
    return [shown(place, words) for (_, score), _, place in ranked[:MOST_FOUND] if score > 0]


@cache
def index(language: str) -> tuple[Place, ...]:
    """Every section of every page in a language."""
    return tuple(
        place(page, language, section)
        for part in PARTS
        for page in part.pages
        for section in read_page(page, language).content.sections
        if section.heading or section.text
    )


def place(page: str, language: str, section: Section) -> Place:
    """A section with its words."""
    read = read_page(page, language)
    weights: Counter[str] = Counter()
    for text, weight in (
        (read.content.title, TITLE_WEIGHT),
        (section.heading, HEADING_WEIGHT),
        (section.text, 1),
    ):
        for word in words_of(text):
            weights[stem(word, read.language)] += weight
    damped = {word: 1 + log(count) for word, count in weights.items()}
    return Place(page, read.content.title, section, damped, read.language)


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return WORD.findall("".join(c for c in decomposed if not unicodedata.combining(c)))


def fit(words: list[str], rarity: dict[str, float], place: Place) -> tuple[int, float]:
    """How many of the words a section has, and what they weigh; fillers count for nothing."""
    weights = {word: weight_of(word, place) for word in words}
    said = [word for word in words if weights[word] and word not in stop_words(place.language)]
    length = 1 + len(place.weights) / LONG_SECTION
    return len(said), sum(weights[word] * rarity[word] for word in said) / length


def weight_of(word: str, place: Place) -> float:
    """What a word weighs in a section; the beginning of one weighs less."""
    exact = place.weights.get(stem(word, place.language), 0)
    if exact or len(word) < SHORTEST_BEGINNING:
        return exact
    begun = (weight for known, weight in place.weights.items() if known.startswith(word))
    return BEGINNING_WEIGHT * max(begun, default=0)


def rarity_of(word: str, places: list[Place]) -> float:
    """How much a word tells: what every section has tells nothing."""
    having = sum(bool(weight_of(word, place)) for place in places)
    return log((1 + len(places)) / (1 + having))


def shown(place: Place, words: list[str]) -> Found:
    """A section as the list of results shows it: from the line on that has one of the words."""
    telling = [word for word in words if word not in stop_words(place.language)]
    lines = place.section.text.split("\n")
    first = next((at for at, line in enumerate(lines) if has_one(line, telling, place)), 0)
    excerpt = " · ".join(lines[first:])
    if len(excerpt) > EXCERPT_CHARACTERS:
        excerpt = excerpt[:EXCERPT_CHARACTERS].rpartition(" ")[0] + "…"
    section = place.section
    return Found(place.page, place.title, section.heading, section.anchor, excerpt)


def has_one(line: str, words: list[str], place: Place) -> bool:
    """Whether a line has one of the words, in any form."""
    known = {stem(word, place.language) for word in words_of(line)}
    return any(stem(word, place.language) in known for word in words)
