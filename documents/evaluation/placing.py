"""How well searches find what is known to be right: places, and the figures made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from documents.exceptions import SearchDegraded
from documents.language import base_code, identify
from documents.queries import right_documents
from documents.search import search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from uuid import UUID

    from accounts.models import User
    from documents.models import EmbeddingModel, GoldenQuestion
    from documents.types import SearchAnswer

# Documents that count, and passages that are fetched: documents stand by their best one.
DEPTH = 10
PASSAGES = 100
HIT_DEPTHS = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class Placing:
    """Where the right documents of one question stood."""

    language: str
    # Whether every right document is in another language than the question.
    crosses: bool
    # The place of the first right one among ten; 0 when it is not there.
    place: int
    found: int
    expected: int
    took_ms: float = 0.0


def ask_question(
    question: GoldenQuestion, *, mode: str, searcher: User, model: EmbeddingModel
) -> Placing:
    """Search as the searcher would, with a model, and see where what is right stands.

    Raises `SearchDegraded` when the model does not answer and words alone were searched.
    """
    right = right_documents(question, searcher)
    language = base_code(question.language) or identify(question.question)
    limits = None if question.collection_id is None else [question.collection_id]
    answer = search(
        question.question,
        mode=mode,
        limit=PASSAGES,
        collections=limits,
        actor=searcher,
        model=model,
    )
    if answer.mode != mode:
        raise SearchDegraded("The embedding model does not answer, so nothing was evaluated.")
    ids = distinct_documents(answer)
    place = place_of(question, right, answer, ids)
    return Placing(
        language=language,
        crosses=is_crossing(language, right.values()),
        place=place,
        found=sum(pk in right for pk in ids),
        expected=len(right),
        took_ms=answer.took_ms,
    )


def distinct_documents(answer: SearchAnswer) -> list[UUID]:
    """The first ten documents of an answer, each by its best passage."""
    return list(dict.fromkeys(hit.document_id for hit in answer.results))[:DEPTH]


def place_of(
    question: GoldenQuestion, right: Mapping[UUID, str], answer: SearchAnswer, ids: Sequence[UUID]
) -> int:
    """The place of the first right document or, when a passage is known, of that passage."""
    if not question.passage:
        return next((place for place, pk in enumerate(ids, 1) if pk in right), 0)
    wanted = squeezed(question.passage)
    for place, hit in enumerate(answer.results[:DEPTH], 1):
        if hit.document_id in right and wanted in squeezed(hit.text):
            return place
    return 0


def squeezed(text: str) -> str:
    """A text as it is compared: without regard to case and to how it was broken into lines."""
    return " ".join(text.casefold().split())


def is_crossing(language: str, others: Iterable[str]) -> bool:
    """Whether a question has to be answered from other languages; false when that is unknown."""
    codes = {base_code(other) for other in others}
    return bool(language and codes and "" not in codes and language not in codes)


def figures_of(placings: Sequence[Placing]) -> dict[str, Any]:
    """The figures of all questions, of each language, and of those that cross languages."""
    languages = sorted({placing.language for placing in placings if placing.language})
    alone = [placing for placing in placings if not placing.crosses]
    return {
        **summed(placings),
        "unreachable": sum(not placing.expected for placing in placings),
        "same_language": summed(alone),
        "cross_language": summed([placing for placing in placings if placing.crosses]),
        "languages": {
            code: summed([placing for placing in placings if placing.language == code])
            for code in languages
        },
    }


# What `summed` tells, in the order in which people read it.
FIGURES = ("questions", "hit@1", "hit@5", "hit@10", "recall@10", "mrr@10")


def summed(placings: Sequence[Placing]) -> dict[str, float]:
    """Hit rates, recall@10 and MRR@10; what the searcher may not read counts as not found."""
    hits = {f"hit@{depth}": mean(placings, hit_within(depth)) for depth in HIT_DEPTHS}
    return {
        "questions": len(placings),
        **hits,
        "recall@10": mean(placings, recall),
        "mrr@10": mean(placings, reciprocal),
    }


def mean(placings: Sequence[Placing], value: Callable[[Placing], float]) -> float:
    """The mean of a value; 0 of nothing."""
    return sum(map(value, placings)) / max(len(placings), 1)


def hit_within(depth: int) -> Callable[[Placing], float]:
    """Whether something right is among the first so many."""
    return lambda placing: float(0 < placing.place <= depth)


def recall(placing: Placing) -> float:
    """The share of the right documents that are among ten; of more than ten, of ten."""
    return placing.found / min(placing.expected, DEPTH) if placing.expected else 0.0


def reciprocal(placing: Placing) -> float:
    """One over the place."""
    return 1 / placing.place if placing.place else 0.0
