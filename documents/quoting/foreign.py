"""Which sentence in another language answers, where no word of the question stands in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from documents.quoting.choosing import LEAST_SCORE
from documents.quoting.units import Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from documents.quoting.candidates import Candidate, Passage, Wanted
    from documents.quoting.meaning import Meaning

# Across languages a question and its answer are hardly nearer than others, but an answer stands
# out among the other figures that were found: by so much, of so many.
LEAST_NEAR, LEAST_LEAD, FEWEST_RIVALS = 0.15, 0.09, 3
# What stands beside the answer and is about as near says a part of it.
SAME_NEAR = 0.06
SCORE_SHARE = 0.8


def let_foreign_answer(
    candidates: Sequence[Candidate],
    wanted: Wanted,
    passages: Sequence[Passage],
    meaning: Meaning | None,
) -> None:
    """Score the figure in another language that stands out, where nothing else answers."""
    if meaning is None or any(one.score >= LEAST_SCORE for one in candidates):
        return
    fitting = [one for one in candidates if is_fitting(one, wanted, passages[one.passage])]
    if len(fitting) <= FEWEST_RIVALS:
        return
    fitting.sort(key=lambda one: -one.near)
    # With its title a sentence is near for what it is about, without it for what it says.
    texts = [f"{one.unit.header} {one.unit.words}".strip() for one in fitting]
    bare = meaning(wanted.question.query, texts)
    near = [(one.near + alone) / 2 for one, alone in zip(fitting, bare, strict=False)]
    for place in outstanding(fitting, near):
        fitting[place].score = LEAST_SCORE + SCORE_SHARE * near[place]


def is_fitting(candidate: Candidate, wanted: Wanted, passage: Passage) -> bool:
    """Whether a candidate is in another language and has the form that the question wants."""
    is_strict = wanted.has_form and wanted.kinds[0].is_strict
    is_out = candidate.is_ruled_out or candidate.is_part
    is_foreign = wanted.question.is_foreign(passage.language)
    return is_strict and is_foreign and not is_out and candidate.kind > 0


def outstanding(fitting: Sequence[Candidate], near: Sequence[float]) -> list[int]:
    """The places of the nearest one and of what is as near beside it; none without a lead.

    The lead is over other sections where there are enough, because its own speaks of the same.
    """
    best = max(range(len(near)), key=near.__getitem__, default=-1)
    if best < 0 or near[best] < LEAST_NEAR:
        return []
    beside = [place for place in range(len(near)) if is_beside(fitting[place], fitting[best])]
    rivals = [place for place in range(len(near)) if place not in beside]
    if len(rivals) < FEWEST_RIVALS:
        beside, rivals = [best], [place for place in range(len(near)) if place != best]
    lead = near[best] - max((near[place] for place in rivals), default=near[best])
    if len(rivals) < FEWEST_RIVALS or lead < LEAST_LEAD:
        return []
    return [place for place in beside if near[place] >= near[best] - SAME_NEAR]


def is_beside(one: Candidate, other: Candidate) -> bool:
    """Whether two candidates stand in the same section of a passage; each row is for itself."""
    if Form.ROW in (one.unit.form, other.unit.form):
        return one is other
    return one.passage == other.passage and one.unit.heading == other.unit.heading
