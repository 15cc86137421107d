"""Repositories of evaluations of answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import Count, OuterRef, Subquery, Window
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Lag

from youworker.core.evaluations import EvaluationQuerySet
from youworker.core.managers import BaseQuerySet

if TYPE_CHECKING:
    from chat.evaluation_models import AnswerEvaluation, JudgedAnswer


class AnswerEvaluationQuerySet(EvaluationQuerySet["AnswerEvaluation"]):
    """Evaluations of answers."""

    def comparable_to(self, run: AnswerEvaluation) -> Self:
        """Limit to finished ones before it, of the same questions with the same rights."""
        same = self.finished().filter(collection=run.collection_id, asker=run.asker_id)
        return same.before(run).newest_first()

    def with_progress(self) -> Self:
        """Annotate how many questions were answered."""
        rows = self.related_rows("answers", JudgedAnswerQuerySet)
        grouped = rows.filter(run=OuterRef("pk")).order_by().values("run")
        count = Subquery(grouped.annotate(n=Count("pk")).values("n"))
        return self.annotate(asked_count=Coalesce(count, 0))

    def with_previous(self) -> Self:
        """Annotate the share of expected answers in the finished one before."""
        before = Window(
            Lag(KeyTextTransform("as_expected", "figures")),
            partition_by=["collection", "asker", "status"],
            order_by=["created_at", "pk"],
        )
        return self.annotate(previous_share=before)


class JudgedAnswerQuerySet(BaseQuerySet["JudgedAnswer"]):
    """Answers beside what was expected of them."""
