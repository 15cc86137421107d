"""Whether another embedding model finds less than the active one, before it takes its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from documents import services
from documents.enums import SearchMode
from documents.evaluation.runs import start_evaluation
from documents.exceptions import WorseModel
from documents.models import EmbeddingModel, EvaluationRun
from documents.services.embeddings import ensure_active_model

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Comparison:
    """Finished evaluations of the active model and of another one, with the same rights."""

    active: EvaluationRun
    other: EvaluationRun

    @property
    def is_worse(self) -> bool:
        """Whether the other model's MRR@10 is lower."""
        return bool(self.other.figures["mrr@10"] < self.active.figures["mrr@10"])


def models_to_compare(model: EmbeddingModel) -> list[EmbeddingModel]:
    """The active model, and another one if it is another."""
    return list({one.pk: one for one in (ensure_active_model(), model)}.values())


def start_comparison(model: EmbeddingModel, *, searcher: User) -> list[EvaluationRun]:
    """Queue the same questions for the active model and another one; raises `DomainError`."""
    return [start_evaluation(model=one, searcher=searcher) for one in models_to_compare(model)]


def latest_comparison(model: EmbeddingModel) -> Comparison | None:
    """What is known of a model beside the active one; none when they were not compared."""
    hybrid = EvaluationRun.objects.finished().filter(mode=SearchMode.HYBRID)
    other = hybrid.filter(model=model).newest_first().first()
    if other is None:
        return None
    same = hybrid.filter(
        model__active=True,
        searcher=other.searcher_id,
        collection=other.collection_id,
        total=other.total,
    )
    active = same.exclude(model=model).newest_first().first()
    if active is None or asked_in(active) != asked_in(other):
        return None
    return Comparison(active, other)


def asked_in(run: EvaluationRun) -> set[UUID | None]:
    """The questions of an evaluation: figures of others cannot be compared with its own."""
    return set(run.results.values_list("question", flat=True))


def switch_model(
    model: EmbeddingModel, *, although_worse: bool = False, actor: User | None = None
) -> None:
    """Let a complete model answer searches.

    Raises `WorseModel` when it was seen to find less, unless `although_worse`, and
    `ModelIncomplete`.
    """
    found = None if although_worse else latest_comparison(model)
    if found is not None and found.is_worse:
        raise WorseModel(
            "“%(model)s” finds less: MRR@10 is %(other)s instead of %(active)s.",
            model=model.name,
            other=f"{found.other.figures['mrr@10']:.4f}",
            active=f"{found.active.figures['mrr@10']:.4f}",
        )
    services.activate_model(model, actor=actor)
