"""Repositories of golden questions and of their evaluations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from youworker.core.evaluations import EvaluationQuerySet
from youworker.core.managers import BaseQuerySet

if TYPE_CHECKING:
    from documents.models import Collection, EvaluationResult, EvaluationRun, GoldenQuestion


class GoldenQuestionQuerySet(BaseQuerySet["GoldenQuestion"]):
    """Questions whose answers are known."""

    def about(self, collection: Collection | None) -> Self:
        """Limit to the questions about one collection; all without one."""
        return self.all() if collection is None else self.filter(collection=collection)

    def searchable(self) -> Self:
        """Limit to questions that a search can answer: by a document, and without others before."""
        return self.filter(unanswerable=False, follows="")

    def unasked_in(self, run: EvaluationRun) -> Self:
        """Limit to what an evaluation has still to ask."""
        asked = self.related_rows("results", EvaluationResultQuerySet).filter(run=run)
        return self.about(run.collection).searchable().exclude(pk__in=asked.values("question_id"))


class EvaluationRunQuerySet(EvaluationQuerySet["EvaluationRun"]):
    """Evaluations of searches, comparable in the same mode and with the same rights."""

    results, compared = "results", "mrr@10"
    alike = ("mode", "collection", "searcher")


class EvaluationResultQuerySet(BaseQuerySet["EvaluationResult"]):
    """Places of right documents."""
