"""Picks the sentences of passages that answer a question best."""

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from documents.quoting.sentences import joined, split_sentences, without_links
from documents.quoting.words import reader_of
from documents.unspaced import RUN

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from documents.quoting.questions import Question
    from documents.quoting.words import WordReader

BOILERPLATE = re.compile(
    r"^(?:prev(?:ious)?|next|up|home|index|modules|menu|search|back to top|table of contents"
    r"|skip to|show source|privacy policy|cookie|log ?in|sign (?:in|up)|share|print|indice|cerca"
    r"|avanti|indietro|precedente|successivo)\b.{0,60}$"
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
NUMBER_WANTED = re.compile(
    r"\bhow (?:many|much|long|often|big|large|old|fast)\b|\bwhen\b|\bwhich (?:port|version|year)\b"
    r"|\bwhat (?:port|version|size|number|year|date|percentage|price)\b|\bdefault\b|\bmaximum\b"
    r"|\bminimum\b|\bquant[oaie]\b|\bquando\b|\bquale (?:porta|versione|anno)\b"
    r"|\bwie (?:viele?|lange|oft|gro(?:ß|ss)|alt|schnell|hoch)\b|\bwann\b|\bcombien\b|\bquand\b"
    r"|\bcuánt[oa]s?\b|\bcuándo\b|\bquant[oa]s\b|\bhoeveel\b|\bwanneer\b"
    r"|\bhoe (?:lang|vaak|groot)\b"
    r"|多少|多久|几[天个年月次]|什么时候|いくら|いくつ|いつ|何[人日時年回]|얼마|언제|몇|เท่าไ|กี่|เมื่อไ",
    re.I,
)
MEANING_WANTED = re.compile(
    r"^\W*(?:what(?:'s| is| are| does)|define|who is"
    r"|(?:che )?cos(?:a|['\u2019])\s?(?:è|sono|significa)|chi è|che significa"
    r"|was (?:ist|sind|bedeutet)|wer ist|qu['\u2019]est-ce que?|qui est|qué (?:es|son|significa)"
    r"|quién es|o que (?:é|são|significa)|quem é|wat (?:is|zijn|betekent)|wie is)\b",
    re.I,
)
REASON_WANTED = re.compile(
    r"\b(?:why|perch[éè]|warum|wieso|weshalb|pourquoi|por qu[eê]|por qué|waarom)\b", re.I
)
REASON = re.compile(
    r"\b(?:because|since|so that|due to|therefore|in order|perché|poiché|weil|deshalb|damit"
    r"|parce que|car|afin|porque|puesto que|omdat|doordat|zodat)\b",
    re.I,
)
DEFINING = re.compile(
    r"\b(?:is|are|means?|refers? to|stands? for|allows?|lets?|provides?|enables?|è|sono|significa"
    r"|indica|permette|consente|serve|ist|sind|bedeutet|bezeichnet|est|sont|signifie|désigne|es|son"
    r"|significa|é|são|zijn|betekent)\b",
    re.I,
)
CODE = re.compile(
    r">>>|^\W*(?:def|class|import|from \w+ import|return|if .*:$|for .*:$|select\b.*\bfrom)\b"
    # From each beginning to the nearest bracket and sign only: `.*` would try every pair of them.
    r"|\w\([^)]*+\)[^=;{}]*+[=;{}]|[=;{}].*\w\(|^[$#>] ?\w",
)
DEPENDENT = re.compile(
    r"^(?:it|this|these|those|they|such|however|therefore|otherwise|but|and|also|then|questo|questa"
    r"|ciò|inoltre|tuttavia|quindi|essi?)\b",
    re.I,
)

# Added to the rarity of each word, so that two short passages do not make it everything.
EVEN = 0.5
HEADING_SHARE = 0.45
NEIGHBOUR_SHARE = 0.25
RANK_STEP, RANK_FLOOR = 0.04, 0.7
PROXIMITY = 0.1
KIND_BONUS = 0.15
DEFINITION, FEW_MORE = 3.0, 2
FEW_WORDS, MANY_WORDS, LONGEST_CHARACTERS = 5, 60, 700
SHORT_FACTOR, LONG_FACTOR, FRAGMENT_FACTOR = 0.6, 0.85, 0.75
QUESTION_FACTOR, CODE_FACTOR = 0.4, 0.7
# Of a whole statement.
ENDS = ".!:;\"'”\u2019»)\u3002\uff01」』।\u06d4"
# Of a question, this much shows what kind of answer it wants.
LONGEST_ASKED = 1000

# Found by trial on questions a manual answers and questions it does not.
LEAST_COVERAGE = 0.5
LESS_COVERAGE, SEVERAL = 0.33, 3
LEAST_COVERAGE_WITH_CONTEXT = 0.3
LEAST_SCORE = 0.34
RELATIVE_SCORE = 0.72
SAME_SENTENCE = 0.7
MOST_SENTENCES = 3
MOST_CHARACTERS = 900


@dataclass(frozen=True)
class Passage:
    """A search result under the number by which it is cited."""

    number: int
    text: str
    heading: str


@dataclass
class Candidate:
    """A sentence that may be quoted."""

    passage: int
    position: int
    text: str
    words: list[str]
    score: float = 0.0


@dataclass
class Quote:
    """Neighbouring sentences of one passage, word by word."""

    number: int
    text: str


@dataclass(frozen=True)
class Wanted:
    """What a question asks for, beside its words."""

    number: bool
    reason: bool
    meaning: bool


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


def best_quotes(question: Question, passages: Sequence[Passage]) -> list[Quote]:
    """The quotes that answer the question, best passage first; none when nothing fits."""
    reader = reader_of(question.language)
    sentences = [usable_sentences(index, passage, reader) for index, passage in enumerate(passages)]
    candidates = [candidate for group in sentences for candidate in group]
    if not candidates or not question.weights:
        return []
    headings = [set(reader.terms(passage.heading)) for passage in passages]
    scale = scale_of(question, candidates, headings)
    touched = [
        heading.union(*(candidate.words for candidate in group))
        for group, heading in zip(sentences, headings, strict=True)
    ]
    if not any(covers(scale, question.own, words) for words in touched):
        return []
    wanted = wanted_by(question)
    for group in sentences:
        score_group(group, question, wanted, scale, headings)
    return quotes_of(chosen(candidates), sentences, passages)


def usable_sentences(index: int, passage: Passage, reader: WordReader) -> list[Candidate]:
    """The sentences of a passage without navigation, orders and endless lines."""
    found = []
    for position, text in enumerate(split_sentences(without_links(passage.text))):
        is_usable = len(text) <= LONGEST_CHARACTERS and not is_noise(text)
        if is_usable:
            found.append(Candidate(index, position, text, reader.terms(text)))
    return found


def is_noise(text: str) -> bool:
    """Whether a sentence is no statement of the document."""
    letters = sum(map(is_letter, text))
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


def wanted_by(question: Question) -> Wanted:
    """The kinds of answer that a question asks for."""
    asked = question.text[:LONGEST_ASKED]
    kinds = (NUMBER_WANTED, REASON_WANTED, MEANING_WANTED)
    return Wanted(*(kind.search(asked) is not None for kind in kinds))


def score_group(
    group: Sequence[Candidate],
    question: Question,
    wanted: Wanted,
    scale: Scale,
    headings: Sequence[set[str]],
) -> None:
    """Rate the sentences of one passage."""
    for index, candidate in enumerate(group):
        around = [*group[max(0, index - 2) : index], *group[index + 1 : index + 2]]
        nearby = {word for other in around for word in other.words}
        kind = fits_kind(candidate.text, question, wanted)
        candidate.score = score(candidate, kind, scale, headings[candidate.passage], nearby)


def score(
    candidate: Candidate, kind: float, scale: Scale, heading: set[str], nearby: set[str]
) -> float:
    """How well a sentence answers; what its surroundings say counts in part."""
    words = set(candidate.words)
    own = scale.share(words)
    if not own:
        return 0.0
    rated = own + HEADING_SHARE * scale.share(heading - words)
    rated += NEIGHBOUR_SHARE * scale.share(nearby - words - heading)
    rated += PROXIMITY * closeness(candidate.words, scale)
    rated += KIND_BONUS * kind
    rated *= max(RANK_FLOOR, 1 - RANK_STEP * candidate.passage)
    return rated * form_factor(candidate.text)


def closeness(words: Sequence[str], scale: Scale) -> float:
    """Near 1 when the question's words stand side by side, 0 when only one is there."""
    places = {word: place for place, word in enumerate(words) if word in scale.worth}
    if len(places) < 2:  # noqa: PLR2004 -- two words are needed for a distance
        return 0.0
    return len(places) / (max(places.values()) - min(places.values()) + 1)


def fits_kind(text: str, question: Question, wanted: Wanted) -> float:
    """Whether a sentence has what the question asks for: a number, a definition, a reason."""
    if wanted.number and any(map(str.isdigit, text)):
        return 1.0
    if wanted.reason and REASON.search(text):
        return 1.0
    if wanted.meaning and defines(text, question.own, reader_of(question.language)):
        return DEFINITION
    return 0.0


def defines(text: str, subject: Set[str], reader: WordReader) -> bool:
    """Whether a sentence begins with the subject and goes on to say what it is."""
    verb = DEFINING.search(text)
    before = reader.terms(text[: verb.start()]) if verb else []
    return subject <= set(before) and len(before) <= len(subject) + FEW_MORE


def form_factor(text: str) -> float:
    """Prefer whole statements of a readable length."""
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


def chosen(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best sentences, none of them twice."""
    ranked = sorted(candidates, key=lambda candidate: -candidate.score)
    if not ranked or ranked[0].score < LEAST_SCORE:
        return []
    least = RELATIVE_SCORE * ranked[0].score
    picked: list[Candidate] = []
    room = MOST_CHARACTERS
    for candidate in ranked:
        if candidate.score < least or len(picked) == MOST_SENTENCES:
            break
        if (picked and len(candidate.text) > room) or is_repeated(candidate, picked):
            continue
        picked.append(candidate)
        room -= len(candidate.text)
    return picked


def is_repeated(candidate: Candidate, picked: Sequence[Candidate]) -> bool:
    """Whether a sentence says what a picked one says already."""
    words = set(candidate.words)
    return any(
        len(words & set(other.words)) >= SAME_SENTENCE * max(1, len(words | set(other.words)))
        for other in picked
    )


def quotes_of(
    picked: Sequence[Candidate],
    sentences: Sequence[Sequence[Candidate]],
    passages: Sequence[Passage],
) -> list[Quote]:
    """One quote for each run of neighbouring sentences, best passage first."""
    quotes = []
    for passage in dict.fromkeys(candidate.passage for candidate in picked):
        wanted = {each.position for each in picked if each.passage == passage}
        wanted |= needed_context(sentences[passage], wanted)
        for run in runs(sentences[passage], wanted):
            text = joined([candidate.text for candidate in run])
            quotes.append(Quote(passages[passage].number, text))
    return quotes


def needed_context(group: Sequence[Candidate], wanted: set[int]) -> set[int]:
    """The sentence before "It …", and the one a colon announces."""
    needed = set()
    for before, candidate in itertools.pairwise(group):
        adjoining = candidate.position == before.position + 1
        if adjoining and candidate.position in wanted and DEPENDENT.match(candidate.text):
            needed.add(before.position)
        if adjoining and before.position in wanted and before.text.endswith(":"):
            needed.add(candidate.position)
    return needed


def runs(group: Sequence[Candidate], wanted: set[int]) -> list[list[Candidate]]:
    """The wanted sentences, in order, split where one is left out."""
    found: list[list[Candidate]] = []
    for candidate in group:
        if candidate.position not in wanted:
            continue
        if found and found[-1][-1].position == candidate.position - 1:
            found[-1].append(candidate)
        else:
            found.append([candidate])
    return found
