"""What rerankers answer, in each dialect; nothing in it is believed unseen.

Jina, Cohere, vLLM and llama.cpp: `{"results": [{"index": 0, "relevance_score": 0.9}]}`.
TEI: `[{"index": 0, "score": 0.9}]`. Others say `data` or `score`, too.
"""

from __future__ import annotations

import math
from typing import Any


class UnusableAnswer(Exception):
    """The server answered something else than scores."""


def scores_of(answer: Any, *, count: int) -> dict[int, float]:
    """The finite scores by place, in 0 to `count` - 1; of two for one place, the first.

    Raises `UnusableAnswer` when there is none.
    """
    rows = answer
    if isinstance(answer, dict):
        rows = answer.get("results", answer.get("data"))
    found: dict[int, float] = {}
    for row in rows if isinstance(rows, list) else ():
        place, score = read_row(row)
        if place is not None and score is not None and 0 <= place < count:
            found.setdefault(place, score)
    if not found:
        raise UnusableAnswer("There are no scores in the answer.")
    return found


def read_row(row: Any) -> tuple[int | None, float | None]:
    """The place and the score in one row, each none when it is no number."""
    if not isinstance(row, dict):
        return None, None
    place, score = row.get("index"), row.get("relevance_score", row.get("score"))
    is_place = isinstance(place, int) and not isinstance(place, bool)
    number = math.nan
    if isinstance(score, int | float) and not isinstance(score, bool):
        number = float(score)
    return place if is_place else None, number if math.isfinite(number) else None


def spread(scores: dict[int, float]) -> dict[int, float]:
    """The scores between 0 and 1: some servers give the logits themselves."""
    if all(0 <= score <= 1 for score in scores.values()):
        return scores
    return {place: (1 + math.tanh(score / 2)) / 2 for place, score in scores.items()}
