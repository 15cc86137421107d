"""Questions whose right documents are known, and how well searches found these."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from documents.enums import SearchMode
from documents.managers import (
    EvaluationResultQuerySet,
    EvaluationRunQuerySet,
    GoldenQuestionQuerySet,
)
from documents.models.embeddings import EmbeddingModel
from documents.models.library import Collection
from youworker.core.evaluations import Evaluation
from youworker.core.models import TimestampedModel

LONGEST_QUESTION = 500
LONGEST_ANSWER = 1000


class GoldenQuestion(TimestampedModel):
    """A question with the documents that answer it, by their ids or by their addresses.

    One that nobody can answer has none.
    """

    question = models.CharField(max_length=LONGEST_QUESTION)
    # Addresses or their ends, `*` for anything; ids outlive their documents and name nobody.
    addresses = ArrayField(models.CharField(max_length=500), default=list, blank=True)
    document_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    # What the right passage says, when the right document is not enough.
    passage = models.CharField(max_length=1000, blank=True)
    # What a right answer says: each line, or one of the words between which `|` stands in it.
    answer = models.TextField(max_length=LONGEST_ANSWER, blank=True, default="", db_default="")
    # What was asked before it in the same conversation: in words, which outlive a removed question.
    follows = models.CharField(
        max_length=LONGEST_QUESTION,
        blank=True,
        default="",
        db_default="",
        help_text=_("The question that is asked before it in the same conversation, if any."),
    )
    # Whether no document holds the answer, so that the right one is to say so.
    unanswerable = models.BooleanField(
        default=False,
        db_default=False,
        help_text=_("No document says it, so a right answer says that there is none."),
    )
    # Without its collection a question would be asked of everything.
    collection = models.ForeignKey(
        Collection, models.CASCADE, null=True, blank=True, related_name="golden_questions"
    )
    language = models.CharField(max_length=16, blank=True)
    note = models.CharField(max_length=500, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="golden_questions",
    )

    objects = GoldenQuestionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["question", "collection"],
                name="golden_question_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return self.question


class EvaluationRun(Evaluation):
    """All golden questions, or a collection's, asked once as somebody, of one embedding model."""

    model = models.ForeignKey(
        EmbeddingModel, models.SET_NULL, null=True, related_name="evaluation_runs"
    )
    # As it was called, for when it is gone.
    model_name = models.CharField(max_length=300, editable=False)
    mode = models.CharField(max_length=16, choices=SearchMode, default=SearchMode.HYBRID)
    collection = models.ForeignKey(
        Collection, models.CASCADE, null=True, blank=True, related_name="evaluation_runs"
    )
    # Whose rights counted.
    searcher = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="evaluation_runs"
    )

    objects = EvaluationRunQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["status"], name="evaluation_run_status")]

    def __str__(self) -> str:
        return f"{self.model_name}, {self.mode}"


class EvaluationResult(models.Model):
    """Where the right documents of one question stood."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(EvaluationRun, models.CASCADE, related_name="results", db_index=False)
    question = models.ForeignKey(GoldenQuestion, models.CASCADE, related_name="results")
    language = models.CharField(max_length=16, blank=True)
    # Whether every right document is in another language than the question.
    crosses = models.BooleanField(default=False)
    # The place of the first right document among ten; 0 when it is not there.
    place = models.SmallIntegerField(default=0)
    found = models.SmallIntegerField(default=0)
    # How many right documents the searcher may read.
    expected = models.IntegerField(default=0)
    took_ms = models.FloatField(default=0)

    objects = EvaluationResultQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "question"], name="evaluation_result_once"),
        ]

    def __str__(self) -> str:
        return f"{self.question_id} at {self.place}"
