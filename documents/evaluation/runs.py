"""Evaluations: golden questions asked of an embedding model, by workers or by a command."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from documents.enums import EvaluationStatus, ModelState, SearchMode
from documents.evaluation.placing import Placing, ask_question, figures_of
from documents.exceptions import NothingToEvaluate
from documents.models import EvaluationResult, EvaluationRun, GoldenQuestion
from documents.services.embeddings import ensure_active_model
from youworker.core.effects import after_commit, queue_task
from youworker.core.exceptions import DomainError, InvalidInput
from youworker.core.leases import RELEASED, keep_lease_alive, lease_end, new_lease
from youworker.core.validators import validate_enum

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.models import User
    from documents.models import Collection, EmbeddingModel

logger = logging.getLogger(__name__)

LEASE_SECONDS = 60
# Seconds before an evaluation that failed is tried again.
PAUSE = 15
# Failures, and workers that were lost with an evaluation, before it is given up.
MOST_LOSSES = 3
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
    is_held: bool = False,
) -> EvaluationRun:
    """Queue the golden questions to be asked as `searcher`, by default of the active model.

    `is_held`: the caller goes on with it now (`go_on_with`). Raises `NothingToEvaluate`, and
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
    if is_held:
        hold_evaluation(run)
    else:
        after_commit(partial(queue_task, EVALUATE))
    return run


def hold_evaluation(run: EvaluationRun) -> None:
    """Lease an evaluation to the caller; the row is new, or locked."""
    run.lease_token, run.status = uuid4(), EvaluationStatus.RUNNING
    lease = new_lease(run.lease_token, LEASE_SECONDS)
    EvaluationRun.objects.filter(pk=run.pk).update(status=run.status, **lease)


def evaluate_next(*, until: float) -> bool:
    """Go on with the evaluation whose turn it is till `until` (monotonic); false for none."""
    run = claim_evaluation()
    if run is not None:
        go_on_with(run, until=until)
    return run is not None


@transaction.atomic
def claim_evaluation() -> EvaluationRun | None:
    """Lease the oldest evaluation that nobody works on; one that costs workers is given up."""
    unfinished = EvaluationRun.objects.unfinished()
    unfinished.leased().suspect_expired()
    lost = unfinished.leased().lost()
    spoiled = lost.filter(losses__gte=MOST_LOSSES - 1)
    spoiled.update(
        status=EvaluationStatus.FAILED,
        losses=F("losses") + 1,
        error="Several workers were lost while they worked on this.",
        finished_at=timezone.now(),
        **RELEASED,
    )
    found = (unfinished.due() | lost).order_by("created_at", "pk").lock_free(1)
    if not found:
        return None
    if found[0].lease_token is not None:
        EvaluationRun.objects.filter(pk=found[0].pk).update(losses=F("losses") + 1)
    hold_evaluation(found[0])
    return found[0]


def go_on_with(
    run: EvaluationRun,
    *,
    until: float = float("inf"),
    tell: Callable[[int, int], None] | None = None,
) -> None:
    """Ask what a leased evaluation has not asked yet, and end it, or give it back at `until`.

    `tell` is called with how many were asked, and of how many.
    """
    held = EvaluationRun.objects.held(run.lease_token)
    try:
        with keep_lease_alive(held, seconds=LEASE_SECONDS):
            is_complete = ask_all(run, until, tell)
    except DomainError as error:
        held.update(status=EvaluationStatus.FAILED, error=error.message, **over())
    except Exception:  # told at the evaluation, and tried again
        logger.exception("The evaluation %s could not go on", run.pk)
        give_back(run)
    except BaseException:
        held.update(**RELEASED)
        raise
    else:
        if is_complete:
            finish_evaluation(run)
        else:
            held.update(**RELEASED)
    run.refresh_from_db()


def give_back(run: EvaluationRun) -> None:
    """Let an evaluation that went wrong wait for its next try, or give it up."""
    held = EvaluationRun.objects.held(run.lease_token)
    pause = {**RELEASED, "lease_until": lease_end(PAUSE), "losses": F("losses") + 1}
    held.filter(losses__lt=MOST_LOSSES - 1).update(**pause)
    held.update(
        status=EvaluationStatus.FAILED,
        error="This failed for a reason that the log has.",
        losses=F("losses") + 1,
        **over(),
    )


def ask_all(
    run: EvaluationRun, until: float, tell: Callable[[int, int], None] | None = None
) -> bool:
    """Ask what was not asked yet; false when it was put down, or somebody else has it."""
    if run.searcher is None or run.model is None:
        raise InvalidInput("The model or the person whose rights count is gone.")
    left = list(GoldenQuestion.objects.unasked_in(run).order_by("pk"))
    for number, question in enumerate(left, 1):
        placing = ask_question(question, mode=run.mode, searcher=run.searcher, model=run.model)
        if not keep_placing(run, question, placing):
            return False
        if tell is not None:
            tell(run.total - len(left) + number, run.total)
        if time.monotonic() > until and number < len(left):
            return False
    return True


@transaction.atomic
def keep_placing(run: EvaluationRun, question: GoldenQuestion, placing: Placing) -> bool:
    """Write one result; false when the evaluation is not the caller's any more."""
    if not EvaluationRun.objects.held(run.lease_token).select_for_update(no_key=True).exists():
        return False
    # One that was removed meanwhile counts no more, and must not refuse the others.
    if GoldenQuestion.objects.filter(pk=question.pk).select_for_update(no_key=True).exists():
        row = EvaluationResult(run=run, question=question, **asdict(placing))
        EvaluationResult.objects.bulk_create([row], ignore_conflicts=True)
    return True


def finish_evaluation(run: EvaluationRun) -> None:
    """Write the figures of an evaluation that has asked everything."""
    names = [*Placing.__slots__]
    placings = [Placing(*values) for values in run.results.values_list(*names)]
    EvaluationRun.objects.held(run.lease_token).update(
        status=EvaluationStatus.DONE, figures=figures_of(placings), error="", **over()
    )


def over() -> dict[str, object]:
    """What a row of an evaluation that has ended looks like."""
    return {**RELEASED, "finished_at": timezone.now(), "updated_at": timezone.now()}


def previous_evaluation(run: EvaluationRun) -> EvaluationRun | None:
    """The finished evaluation before it, in the same mode and with the same rights."""
    found: EvaluationRun | None = EvaluationRun.objects.comparable_to(run).first()
    return found


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
