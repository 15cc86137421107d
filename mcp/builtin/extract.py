"""Picks the sentences of passages that answer a question best, without a model."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WORD = re.compile(r"\w+", re.UNICODE)
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[\"'(«“]?[A-ZÀ-Þ0-9])|\n{2,}")
STEM_LENGTH = 6
SHORTEST_WORD = 3
LONGEST_SENTENCE = 400


@dataclass(frozen=True, slots=True)
class Picked:
    """A sentence and the number of its passage, counted from 1."""

    sentence: str
    passage: int
    score: float


def stems(text: str) -> list[str]:
    """The longer words in lower case, cut so that endings do not matter (English, Italian)."""
    words = WORD.findall(text.lower())
    return [word[:STEM_LENGTH] for word in words if len(word) >= SHORTEST_WORD]


def sentences_of(text: str) -> list[str]:
    """The sentences of a passage in order, each on one line."""
    flat = (" ".join(part.split()) for part in SENTENCE_END.split(text))
    return [part[:LONGEST_SENTENCE] for part in flat if part]


def pick_sentences(question: str, passages: Sequence[str], *, most: int = 4) -> list[Picked]:
    """The sentences that share the rarest words with the question, in reading order.

    Sentences without any word of the question are never picked; an earlier passage wins ties.
    """
    wanted = set(stems(question))
    candidates = [
        (sentence, number)
        for number, passage in enumerate(passages, start=1)
        for sentence in sentences_of(passage)
    ]
    spread = Counter(stem for sentence, _ in candidates for stem in set(stems(sentence)))
    scored = [
        Picked(sentence, number, score_of(sentence, wanted, spread, len(candidates)))
        for sentence, number in candidates
    ]
    best = sorted((one for one in scored if one.score > 0), key=lambda one: -one.score)[:most]
    return sorted(unrepeated(best), key=lambda one: one.passage)


def score_of(sentence: str, wanted: set[str], spread: Counter[str], total: int) -> float:
    """The inverse document frequencies of the shared words, less for long sentences."""
    own = stems(sentence)
    shared = wanted.intersection(own)
    weight = sum(math.log(1 + total / spread[stem]) for stem in shared)
    return weight / math.sqrt(1 + len(own) / 40)


def unrepeated(picked: Sequence[Picked]) -> list[Picked]:
    """The same without sentences that occur twice: passages overlap."""
    seen: dict[str, Picked] = {}
    for one in picked:
        seen.setdefault(one.sentence, one)
    return list(seen.values())
