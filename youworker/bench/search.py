"""Search measured: how fast at 100,000 passages, and how well on questions with known answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from documents.enums import SearchMode
from documents.search import search
from youworker.bench import Figure, at_least

if TYPE_CHECKING:
    from accounts.models import User

DEPTH = 100  # passages fetched per question; documents are ranked by their best one


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the pages that answer it."""

    text: str
    pages: tuple[str, ...]


@dataclass(slots=True)
class Score:
    """Where the first right page stood, one entry per question; 0 = not among the first ten."""

    places: list[int] = field(default_factory=list)

    def hit(self, depth: int) -> float:
        """The share of questions answered among the first `depth` documents."""
        return sum(0 < place <= depth for place in self.places) / max(len(self.places), 1)

    def reciprocal_rank(self) -> float:
        """The mean of one over the place (MRR@10)."""
        return sum(1 / place for place in self.places if place) / max(len(self.places), 1)


def questions(path: Path) -> Iterator[Question]:
    """The lines of a file: question, tab, pages separated by commas."""
    for line in path.read_text(encoding="utf-8").splitlines():
        text, _, pages = line.partition("\t")
        if pages:
            yield Question(text, tuple(page.strip() for page in pages.split(",")))


def place_of(question: Question, mode: str, actor: User) -> int:
    """The place of the first right document; 0 when it is not among the first ten."""
    answer = search(question.text, mode=mode, limit=DEPTH, actor=actor)
    uris = list(dict.fromkeys(hit.uri for hit in answer.results))[:10]
    for place, uri in enumerate(uris, 1):
        if any(uri == page or uri.endswith("/" + page) for page in question.pages):
            return place
    return 0


def evaluate(questions_tsv: Path, *, actor: User) -> list[Figure]:
    """Hit rates and MRR@10 of every mode, over documents the actor has ingested already."""
    figures = []
    asked = list(questions(questions_tsv))
    for mode in SearchMode.values:
        score = Score([place_of(question, mode, actor) for question in asked])
        hybrid = mode == SearchMode.HYBRID
        for depth in (1, 5, 10):
            name, value = f"{mode} hit@{depth}", score.hit(depth)
            goal = hybrid and depth == 5  # noqa: PLR2004 -- the depth that has a budget
            figures.append(at_least(name, value, "", 0.90) if goal else Figure(name, value, ""))
        name, value = f"{mode} MRR@10", score.reciprocal_rank()
        figures.append(at_least(name, value, "", 0.70) if hybrid else Figure(name, value, ""))
    return figures
