"""Evaluations: questions that are asked one after the other under a lease, by whoever has time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Self, TypeVar
from uuid import uuid4

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from youworker.core.exceptions import DomainError
from youworker.core.leases import (
    RELEASED,
    LeasedModel,
    LeasedQuerySet,
    keep_lease_alive,
    lease_end,
    new_lease,
)
from youworker.core.models import TimestampedModel

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

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

    class Meta:
        abstract = True


class EvaluationQuerySet(LeasedQuerySet[EvaluationT_co]):
    """Evaluations of one kind."""

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

    def hold(self, run: Evaluation) -> None:
        """Lease an evaluation to the caller; the row is new, or locked."""
        run.lease_token, run.status = uuid4(), EvaluationStatus.RUNNING
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


def is_held(run: Evaluation) -> bool:
    """Whether an evaluation is still the caller's, which stays so until its transaction ends."""
    held = rows_of(run).held(run.lease_token)
    return bool(held.select_for_update(no_key=True).exists())


def rows_of(run: Evaluation) -> EvaluationQuerySet[Any]:
    """All evaluations of the kind of one."""
    model: Any = type(run)
    rows: EvaluationQuerySet[Any] = model.objects.all()
    return rows


def over() -> dict[str, object]:
    """What a row of an evaluation that has ended looks like."""
    return {**RELEASED, "finished_at": timezone.now(), "updated_at": timezone.now()}
