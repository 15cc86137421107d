"""Repositories of vectors, of their models, and of what waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import (
    Count,
    OuterRef,
    Q,
    Subquery,
    Sum,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from documents.enums import ModelState, SearchMode, TaskState
from documents.managers.golden import EvaluationRunQuerySet
from youworker.core.leases import LeasedQuerySet
from youworker.core.managers import BaseQuerySet

if TYPE_CHECKING:
    from documents.models import (
        EmbeddingModel,
        EmbeddingTask,
        PassageEmbedding,
    )


class EmbeddingModelQuerySet(LeasedQuerySet["EmbeddingModel"]):
    """Models that compute vectors."""

    def active(self) -> Self:
        """Limit to the one that answers searches."""
        return self.filter(active=True)

    def workable(self) -> Self:
        """Limit to models that vectors may be asked of now, the active one first."""
        return self.due().filter(state=ModelState.ENABLED).order_by("-active", "created_at", "pk")

    def unsettled(self) -> Self:
        """Limit to models that are to be prepared or dropped."""
        return self.filter(state__in=(ModelState.PREPARING, ModelState.DROPPING))

    def formerly_active(self) -> Self:
        """Limit to what answered searches before and still could, the last one first."""
        rows = self.filter(active=False, state=ModelState.ENABLED, active_until__isnull=False)
        return rows.order_by("-active_until", "pk")

    def with_mrr(self) -> Self:
        """Annotate MRR@10 of the latest hybrid evaluation of each."""
        runs = self.related_rows("evaluation_runs", EvaluationRunQuerySet).finished()
        own = runs.filter(model=OuterRef("pk"), mode=SearchMode.HYBRID).newest_first()
        figure = KeyTextTransform("mrr@10", "figures")
        return self.annotate(mrr=Subquery(own.annotate(figure=figure).values("figure")[:1]))

    def with_progress(self) -> Self:
        """Annotate how many documents and passages are still to be embedded, and what failed.

        Deleted documents do not count; passages of a long document do until all are embedded.
        """
        tasks = self.related_rows("tasks", EmbeddingTaskQuerySet).of_living_documents()
        rows = tasks.filter(model=OuterRef("pk"))
        grouped = rows.order_by().values("model")
        left = grouped.annotate(n=Count("pk")).values("n")
        failed = grouped.annotate(n=Count("pk", filter=Q(state=TaskState.FAILED))).values("n")
        passages = grouped.annotate(n=Sum("document__passage_count")).values("n")
        return self.annotate(
            documents_left=Coalesce(Subquery(left), 0),
            documents_failed=Coalesce(Subquery(failed), 0),
            passages_left=Coalesce(Subquery(passages), 0),
        )


class EmbeddingTaskQuerySet(LeasedQuerySet["EmbeddingTask"]):
    """Documents that have to get vectors."""

    def of_living_documents(self) -> Self:
        """Limit to documents that are not deleted; the others go on when they are restored."""
        return self.filter(document__deleted_at__isnull=True)

    def waiting(self) -> Self:
        """Limit to what somebody could work on now."""
        return self.due().of_living_documents()

    def failed(self) -> Self:
        """Limit to what is told as failed."""
        return self.filter(state=TaskState.FAILED)

    def unspoiled(self) -> Self:
        """Limit to documents with which nothing went wrong yet."""
        return self.filter(failures=0, losses=0)


class PassageEmbeddingQuerySet(BaseQuerySet["PassageEmbedding"]):
    """Vectors."""

    def of_model(self, model: EmbeddingModel) -> Self:
        """Limit to one model's vectors."""
        return self.filter(model=model)
