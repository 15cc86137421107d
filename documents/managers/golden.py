"""Repositories of golden questions and of their evaluations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import Count, OuterRef, Subquery, Window
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Lag

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
    """Evaluations of searches."""

    def comparable_to(self, run: EvaluationRun) -> Self:
        """Limit to finished ones before it in the same mode, with the same rights, latest first."""
        same = self.finished().filter(
            mode=run.mode, collection=run.collection_id, searcher=run.searcher_id
        )
        return same.before(run).newest_first()

    def with_progress(self) -> Self:
        """Annotate how many questions were asked."""
        rows = self.related_rows("results", EvaluationResultQuerySet)
        grouped = rows.filter(run=OuterRef("pk")).order_by().values("run")
        count = Subquery(grouped.annotate(n=Count("pk")).values("n"))
        return self.annotate(asked_count=Coalesce(count, 0))

    def with_previous(self) -> Self:
        """Annotate MRR@10 of the finished one before, in the same mode, with the same rights."""
        before = Window(
            Lag(KeyTextTransform("mrr@10", "figures")),
            partition_by=["mode", "collection", "searcher", "status"],
            order_by=["created_at", "pk"],
        )
        return self.annotate(previous_mrr=before)


class EvaluationResultQuerySet(BaseQuerySet["EvaluationResult"]):
    """Places of right documents."""
