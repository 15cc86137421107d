"""Evaluations: golden questions asked of an embedding model, by workers or by a command."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction

from documents.enums import ModelState, SearchMode
from documents.evaluation.placing import Placing, ask_question, figures_of
from documents.exceptions import NothingToEvaluate
from documents.models import EvaluationResult, EvaluationRun, GoldenQuestion
from documents.services.embeddings import ensure_active_model
from youworker.core.evaluations import ask_each, begin, go_on, keep_result
from youworker.core.exceptions import InvalidInput
from youworker.core.validators import validate_enum

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.models import User
    from documents.models import Collection, EmbeddingModel

# The task that goes on with evaluations; the schedule makes up for a broker that is away.
EVALUATE = "documents.tasks.evaluate_searches"
# Where a document stands that was not found among ten, when places are compared.
NOWHERE = 11


@dataclass(frozen=True, slots=True)
class Change:
    """A question whose right document stands elsewhere than in another evaluation; 0 = nowhere."""

    question: GoldenQuestion
    before: int
    now: int

    @property
    def is_worse(self) -> bool:
        """Whether it stands further down."""
        return (self.now or NOWHERE) > (self.before or NOWHERE)


@transaction.atomic
@validate_enum("mode", SearchMode)
def start_evaluation(
    *,
    mode: str = SearchMode.HYBRID,
    model: EmbeddingModel | None = None,
    collection: Collection | None = None,
    searcher: User,
    held: bool = False,
) -> EvaluationRun:
    """Queue the golden questions to be asked as `searcher`, by default of the active model.

    `held`: the caller goes on with it now (`go_on_with`). Raises `NothingToEvaluate`, and
    `InvalidInput` for a model that has no index yet or any more.
    """
    model = model or ensure_active_model()
    if model.state != ModelState.ENABLED:
        raise InvalidInput("This embedding model cannot answer searches now.", attr="model")
    total = GoldenQuestion.objects.about(collection).searchable().count()
    if not total:
        raise NothingToEvaluate("There are no golden questions to ask.")
    run = EvaluationRun.objects.create(
        model=model,
        model_name=str(model),
        mode=mode,
        collection=collection,
        searcher=searcher,
        total=total,
    )
    begin(run, EVALUATE, held=held)
    return run


def evaluate_next(*, until: float) -> bool:
    """Go on with the evaluation whose turn it is till `until` (monotonic); false for none."""
    run = EvaluationRun.objects.claim()
    if run is not None:
        go_on_with(run, until=until)
    return run is not None


def go_on_with(
    run: EvaluationRun,
    *,
    until: float = float("inf"),
    tell: Callable[[int, int], None] | None = None,
) -> None:
    """Ask what a leased evaluation has not asked yet, and end it, or give it back at `until`.

    `tell` is called with how many were asked, and of how many.
    """
    go_on(run, partial(ask_all, run, until, tell), partial(figures_in, run))


def ask_all(
    run: EvaluationRun, until: float, tell: Callable[[int, int], None] | None = None
) -> bool:
    """Ask what was not asked yet; false when it was put down, or somebody else has it."""
    if run.searcher is None or run.model is None:
        raise InvalidInput("The model or the person whose rights count is gone.")
    left = list(GoldenQuestion.objects.unasked_in(run).order_by("pk"))
    ask = partial(ask_and_keep, run, searcher=run.searcher, model=run.model)
    return ask_each(run, left, ask, until=until, tell=tell)


def ask_and_keep(
    run: EvaluationRun, question: GoldenQuestion, *, searcher: User, model: EmbeddingModel
) -> bool:
    """Ask one question; false when the evaluation is not the caller's any more."""
    placing = ask_question(question, mode=run.mode, searcher=searcher, model=model)
    return keep_placing(run, question, placing)


def keep_placing(run: EvaluationRun, question: GoldenQuestion, placing: Placing) -> bool:
    """Write one result; false when the evaluation is not the caller's any more."""
    return keep_result(
        run, question, EvaluationResult(run=run, question=question, **asdict(placing))
    )


def figures_in(run: EvaluationRun) -> dict[str, Any]:
    """The figures of an evaluation that has asked everything."""
    names = [*Placing.__slots__]
    return figures_of([Placing(*values) for values in run.results.values_list(*names)])


def changes_between(before: EvaluationRun, now: EvaluationRun) -> list[Change]:
    """The questions whose right document stands elsewhere, those that fell furthest first."""
    old = dict(before.results.values_list("question_id", "place"))
    rows = now.results.select_related("question")
    changes = [
        Change(row.question, old[row.question_id], row.place)
        for row in rows
        if row.question_id in old and old[row.question_id] != row.place
    ]
    return sorted(changes, key=lambda one: (one.before or NOWHERE) - (one.now or NOWHERE))
