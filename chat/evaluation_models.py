"""Evaluations of answers: golden questions asked by whole runs, and what came."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext

from chat.enums import QuestionKind, Verdict
from chat.managers import AnswerEvaluationQuerySet, JudgedAnswerQuerySet
from documents.models import Collection, GoldenQuestion
from youworker.core.evaluations import Evaluation
from youworker.core.models import TimestampedModel
from youworker.encryption.fields import EncryptedJSONField, EncryptedTextField


class AnswerEvaluation(Evaluation):
    """All golden questions, or a collection's, asked once as somebody, of one model.

    Its answers say what that person may read, so both go with the account.
    """

    # As it was named; empty = the default model of that time.
    model = models.CharField(max_length=200, blank=True)
    collection = models.ForeignKey(
        Collection, models.CASCADE, null=True, blank=True, related_name="answer_evaluations"
    )
    # Whose rights counted.
    asker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="answer_evaluations"
    )

    objects = AnswerEvaluationQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["status"], name="answer_evaluation_status")]

    def __str__(self) -> str:
        return self.model or gettext("the default model")


class JudgedAnswer(TimestampedModel):
    """The answer to one question of an evaluation, and whether it is as expected."""

    run = models.ForeignKey(
        AnswerEvaluation, models.CASCADE, related_name="answers", db_index=False
    )
    question = models.ForeignKey(GoldenQuestion, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=QuestionKind)
    verdict = models.CharField(max_length=16, choices=Verdict)
    text = EncryptedTextField(blank=True, default="")
    # Of each citation its number, the title of its document, and its quote.
    sources: Any = EncryptedJSONField(default=list)
    # Whether the first source is a right document.
    is_right_document = models.BooleanField(default=False)
    # Citations, and how many of them hold their sentences.
    cited = models.IntegerField(default=0)
    supported = models.IntegerField(default=0)
    seconds = models.FloatField(default=0)

    objects = JudgedAnswerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "question"], name="judged_answer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.question_id}: {self.verdict}"
