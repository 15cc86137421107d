"""Repositories of evaluations of answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from youworker.core.evaluations import EvaluationQuerySet
from youworker.core.managers import BaseQuerySet

if TYPE_CHECKING:
    from chat.evaluation_models import AnswerEvaluation, JudgedAnswer


class AnswerEvaluationQuerySet(EvaluationQuerySet["AnswerEvaluation"]):
    """Evaluations of answers, comparable about the same questions and with the same rights."""

    results, compared = "answers", "as_expected"
    alike = ("collection", "asker")


class JudgedAnswerQuerySet(BaseQuerySet["JudgedAnswer"]):
    """Answers beside what was expected of them."""

    def without_texts(self) -> Self:
        """Leave out what is encrypted, where only the judgement counts."""
        return self.defer("text", "sources")
