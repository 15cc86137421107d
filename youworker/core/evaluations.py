"""Evaluations: questions that are asked one after the other under a lease, by whoever has time."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from django.db import models, transaction
from django.db.models import Count, F, OuterRef, Q, Subquery, Window
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Lag
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from youworker.core.effects import after_commit, queue_task
from youworker.core.exceptions import DomainError
from youworker.core.leases import (
    RELEASED,
    LeasedModel,
    LeasedQuerySet,
    keep_lease_alive,
    lease_end,
    new_lease,
)
from youworker.core.managers import BaseQuerySet
from youworker.core.models import TimestampedModel
from youworker.core.processes import new_token

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)

QuestionT = TypeVar("QuestionT")
EvaluationT = TypeVar("EvaluationT", bound="Evaluation")
EvaluationT_co = TypeVar("EvaluationT_co", bound="Evaluation", covariant=True)

LEASE_SECONDS = 60
# Seconds before an evaluation that failed is tried again.
PAUSE = 15
# Failures, and workers that were lost with an evaluation, before it is given up.
MOST_LOSSES = 3


class EvaluationStatus(models.TextChoices):
    """How far an evaluation is."""

    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


OPEN = (EvaluationStatus.QUEUED, EvaluationStatus.RUNNING)


class Evaluation(TimestampedModel, LeasedModel):
    """Questions that are asked once, and the figures made of what came."""

    status = models.CharField(
        max_length=16, choices=EvaluationStatus, default=EvaluationStatus.QUEUED
    )
    total = models.IntegerField(default=0, editable=False)
    # Name of the figure to its value, between 0 and 1, or a count.
    figures = models.JSONField(default=dict, editable=False)
    losses = models.IntegerField(default=0, editable=False)
    error = models.TextField(blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    asked_count: int  # only after `with_progress()`
    previous_figure: str | None  # only after `with_previous()`

    class Meta:
        abstract = True


class EvaluationQuerySet(LeasedQuerySet[EvaluationT_co]):
    """Evaluations of one kind.

    `results` is the relation to what came of each question, `compared` the figure that says how
    good it was, and `alike` names the fields that are the same in evaluations which are compared.
    """

    results: ClassVar[str]
    compared: ClassVar[str]
    alike: ClassVar[tuple[str, ...]]

    def unfinished(self) -> Self:
        """Limit to those that have not ended."""
        return self.filter(status__in=OPEN)

    def finished(self) -> Self:
        """Limit to those whose figures are complete."""
        return self.filter(status=EvaluationStatus.DONE)

    def before(self, run: Evaluation) -> Self:
        """Limit to those that began before another one."""
        earlier = Q(created_at__lt=run.created_at) | Q(created_at=run.created_at, pk__lt=run.pk)
        return self.filter(earlier)

    def comparable_to(self, run: Evaluation) -> Self:
        """Limit to finished ones before it that are alike, latest first."""
        same = {name: run.serializable_value(name) for name in self.alike}
        return self.finished().filter(**same).before(run).newest_first()

    def with_progress(self) -> Self:
        """Annotate how many questions were asked."""
        rows = self.related_rows(self.results, BaseQuerySet)
        grouped = rows.filter(run=OuterRef("pk")).order_by().values("run")
        count = Subquery(grouped.annotate(n=Count("pk")).values("n"))
        return self.annotate(asked_count=Coalesce(count, 0))

    def with_previous(self) -> Self:
        """Annotate the figure that is compared, of the finished one before that is alike."""
        before = Window(
            Lag(KeyTextTransform(self.compared, "figures")),
            partition_by=[*self.alike, "status"],
            order_by=["created_at", "pk"],
        )
        return self.annotate(previous_figure=before)

    def hold(self, run: Evaluation) -> None:
        """Lease an evaluation to the caller; the row is new, or locked."""
        run.lease_token, run.status = new_token(), EvaluationStatus.RUNNING
        lease = new_lease(run.lease_token, LEASE_SECONDS)
        self.filter(pk=run.pk).update(status=run.status, **lease)

    @transaction.atomic
    def claim(self) -> EvaluationT_co | None:
        """Lease the oldest one that nobody works on; one that costs workers is given up."""
        unfinished = self.unfinished()
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
            self.filter(pk=found[0].pk).update(losses=F("losses") + 1)
        self.hold(found[0])
        return found[0]


def begin(run: Evaluation, task: str, *, held: bool) -> None:
    """Let the caller go on with a new evaluation, or queue the task that goes on with them."""
    if held:
        rows_of(run).hold(run)
    else:
        after_commit(partial(queue_task, task))


def go_on(run: Evaluation, ask: Callable[[], bool], figures: Callable[[], dict[str, Any]]) -> None:
    """Ask what a leased evaluation has not asked yet, and end it or give it back.

    `ask` says whether everything was asked; `figures` are then those of all that came. What the
    domain refuses ends the evaluation, what we did wrong is tried again.
    """
    held = rows_of(run).held(run.lease_token)
    try:
        with keep_lease_alive(held, seconds=LEASE_SECONDS):
            is_complete = ask()
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
            held.update(status=EvaluationStatus.DONE, figures=figures(), error="", **over())
        else:
            held.update(**RELEASED)
    run.refresh_from_db()


def give_back(run: Evaluation) -> None:
    """Let an evaluation that went wrong wait for its next try, or give it up."""
    held = rows_of(run).held(run.lease_token)
    pause = {**RELEASED, "lease_until": lease_end(PAUSE), "losses": F("losses") + 1}
    held.filter(losses__lt=MOST_LOSSES - 1).update(**pause)
    held.update(
        status=EvaluationStatus.FAILED,
        error="This failed for a reason that the log has.",
        losses=F("losses") + 1,
        **over(),
    )


def ask_each(
    run: Evaluation,
    left: Sequence[QuestionT],
    ask: Callable[[QuestionT], bool],
    *,
    until: float,
    tell: Callable[[int, int], None] | None,
) -> bool:
    """Ask one question after the other; false when it was put down, or somebody else has it.

    `ask` says whether its result was kept; `tell` is called with how many were asked, of how many.
    """
    for number, question in enumerate(left, 1):
        if not ask(question):
            return False
        if tell is not None:
            tell(run.total - len(left) + number, run.total)
        if time.monotonic() > until and number < len(left):
            return False
    return True


@transaction.atomic
def keep_result(run: Evaluation, question: models.Model, result: models.Model) -> bool:
    """Write what came of one question; false when the evaluation is not the caller's any more."""
    if not rows_of(run).held(run.lease_token).select_for_update(no_key=True).exists():
        return False
    questions, results = rows_like(question), rows_like(result)
    # One that was removed meanwhile counts no more, and must not refuse the others.
    if questions.filter(pk=question.pk).select_for_update(no_key=True).exists():
        results.bulk_create([result], ignore_conflicts=True)
    return True


def previous_evaluation(run: EvaluationT) -> EvaluationT | None:
    """The finished evaluation before it that can be compared."""
    found: EvaluationT | None = rows_of(run).comparable_to(run).first()
    return found


def rows_of(run: Evaluation) -> EvaluationQuerySet[Any]:
    """All evaluations of the kind of one."""
    rows: EvaluationQuerySet[Any] = rows_like(run)
    return rows


def rows_like(row: models.Model) -> Any:
    """All rows of the model of one."""
    model: Any = type(row)
    return model.objects.all()


def over() -> dict[str, object]:
    """What a row of an evaluation that has ended looks like."""
    return {**RELEASED, "finished_at": timezone.now(), "updated_at": timezone.now()}
