"""Who embeds which documents: claims in turn, and how documents leave a lease."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from documents.enums import TaskPriority, TaskState
from documents.models import EmbeddingModel, EmbeddingTask
from documents.services.embedding_queue import lock_documents, refresh_statuses
from youworker.core.config import config
from youworker.core.db import relax_durability
from youworker.core.leases import MAX_LOSSES, RELEASED, keep_lease_alive, lease_end, new_lease
from youworker.core.processes import new_token

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

    from documents.managers import EmbeddingTaskQuerySet

logger = logging.getLogger(__name__)

# Documents and passages of one lease: small documents share the batches of the model, and nobody
# is kept from others for longer than some seconds.
MOST_TASKS = 32
MOST_PASSAGES = 128
# One turn in so many begins with what nobody waits for, or uploads that never end would keep a
# second model from ever being complete.
BACKFILL_EVERY = 5
# The longest pause, in seconds, before a document is tried again that failed before.
LONGEST_PAUSE = 86_400

# Counts the turns of this process.
turns = count(1)


@dataclass(frozen=True, slots=True)
class EmbeddingLease:
    """Documents of one model's queue, held by this worker under one token."""

    token: UUID
    model: EmbeddingModel
    tasks: Sequence[EmbeddingTask]

    def held(self) -> EmbeddingTaskQuerySet:
        """What this worker still holds: not what was renewed, deleted or taken over."""
        rows: EmbeddingTaskQuerySet = EmbeddingTask.objects.held(self.token)
        return rows

    def keep_alive(self) -> AbstractContextManager[None]:
        """Keep what this worker still holds from being taken over, in a `with` block."""
        return keep_lease_alive(self.held(), seconds=config.ingestion.lease_seconds)


def claim_tasks() -> EmbeddingLease | None:
    """Lease documents whose turn it is; none when nothing waits for a model that answers."""
    queues = [
        (model, priority)
        for model in EmbeddingModel.objects.workable()
        for priority in TaskPriority
    ]
    if next(turns) % BACKFILL_EVERY == 0:
        queues.reverse()
    for model, priority in queues:
        lease = claim_tasks_of(model, priority)
        if lease is not None:
            return lease
    return None


@transaction.atomic
def claim_tasks_of(model: EmbeddingModel, priority: TaskPriority) -> EmbeddingLease | None:
    """Lease the next documents of one queue.

    One with which something went wrong comes alone, so that it costs its neighbours nothing.
    """
    relax_durability()
    queue = EmbeddingTask.objects.filter(model=model, priority=priority)
    waiting = queue.waiting().select_related("document").order_by("turn", "document_id")
    chosen = waiting.lock_free(1)
    if not chosen:
        return None
    if not chosen[0].failures + chosen[0].losses:
        chosen = fitting(waiting.unspoiled().lock_free(MOST_TASKS))
    token = new_token()
    lease = new_lease(token, config.ingestion.lease_seconds)
    EmbeddingTask.objects.filter(pk__in=[task.pk for task in chosen]).update(**lease)
    return EmbeddingLease(token, model, sorted(chosen, key=lambda task: task.document_id))


def fitting(tasks: Iterable[EmbeddingTask]) -> list[EmbeddingTask]:
    """The first of the tasks that have few enough passages together; one in any case."""
    chosen: list[EmbeddingTask] = []
    passages = 0
    for task in tasks:
        passages += task.document.passage_count
        if chosen and passages > MOST_PASSAGES:
            break
        chosen.append(task)
    return chosen


@transaction.atomic
def end_tasks(lease: EmbeddingLease, document_ids: Collection[UUID]) -> None:
    """Note that documents have all vectors of a model, unless they changed meanwhile."""
    if not document_ids:
        return
    relax_durability()
    rows = lock_documents(document_ids)
    lease.held().filter(document__in=document_ids).delete()
    rows.refresh_status()


@transaction.atomic
def fail_tasks(lease: EmbeddingLease, errors: Mapping[UUID, tuple[str, str]]) -> None:
    """Try documents again after a pause that doubles; tell after some tries that they failed.

    `errors` has a code and a sentence for each document.
    """
    rows = lock_documents(errors)
    for task in lease.tasks:
        if task.document_id in errors:
            code, detail = errors[task.document_id]
            fail_task(lease, task, code, detail)
    rows.refresh_status()


def fail_task(lease: EmbeddingLease, task: EmbeddingTask, code: str, detail: str) -> None:
    """Count a failure of one task and let it wait."""
    has_failed = task.failures + 1 >= config.ingestion.max_attempts
    logger.warning("Document %s gets no vectors yet: %s", task.document_id, code)
    lease.held().filter(pk=task.pk).update(
        state=TaskState.FAILED if has_failed else task.state,
        failures=task.failures + 1,
        lease_token=None,
        # Doubled too often, it would be no number any more.
        lease_until=lease_end(min(2 ** min(task.failures, 20), LONGEST_PAUSE)),
        error_code=code[:64],
        error_detail=detail,
    )


def release_tasks(lease: EmbeddingLease, done: Mapping[UUID, int]) -> None:
    """Give back what is not ended; `done` passages move a document back in its queue."""
    for document_id, passages in done.items():
        rows = lease.held().filter(document=document_id)
        rows.update(turn=F("turn") + passages, **RELEASED)
    lease.held().update(**RELEASED)


def note_error(lease: EmbeddingLease, code: str, detail: str) -> None:
    """Tell at what is held why it has to wait."""
    lease.held().update(error_code=code, error_detail=detail)


def reclaim_expired_tasks() -> int:
    """Return what silent workers held to the queue; how many tasks there were."""
    EmbeddingTask.objects.leased().suspect_expired()
    lost = EmbeddingTask.objects.leased().lost()
    spoiled = list(lost.filter(losses__gte=MAX_LOSSES - 1).values_list("pk", "document_id"))
    for pk, _ in spoiled:
        lost.filter(pk=pk).update(
            state=TaskState.FAILED,
            losses=F("losses") + 1,
            lease_token=None,
            lease_until=lease_end(LONGEST_PAUSE),
            error_code="quarantined",
            error_detail=f"{MAX_LOSSES} workers were lost while they worked on this document.",
        )
    refresh_statuses(document_id for _, document_id in spoiled)
    returned = lost.update(losses=F("losses") + 1, **RELEASED)
    if returned or spoiled:
        logger.warning("Took back %s documents of silent workers", returned + len(spoiled))
    return returned + len(spoiled)
