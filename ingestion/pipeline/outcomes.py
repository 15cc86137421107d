"""How items leave a stage and runs end, and what is recorded of them.

Of the first stage a worker tells by its lease; in the second, items follow what becomes of their
documents' vectors.
"""

from __future__ import annotations

import errno
import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from documents.enums import DocumentStatus
from documents.exceptions import StorageFull, StorageUnavailable, VectorsUnusable
from documents.models import EmbeddingTask
from documents.storage import FULL
from ingestion.enums import IngestionStatus, Stage
from ingestion.events import LEAST_URGENT, WAKE_SECONDS, announce
from ingestion.models import IngestionItem, IngestionRun
from ingestion.parsing.types import ParseFailed
from quotas.enums import UsageKind, UsageOutcome
from quotas.services import record_usage
from youworker.core.config import config
from youworker.core.db import relax_durability
from youworker.core.effects import after_commit, queue_task
from youworker.core.exceptions import UpstreamUnavailable
from youworker.core.leases import lease_end
from youworker.core.metrics.families import FILES
from youworker.core.sql import lock_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from uuid import UUID

    from documents.managers import EmbeddingTaskQuerySet
    from documents.models import Document
    from ingestion.managers import ItemQuerySet

logger = logging.getLogger(__name__)

NOT_STORABLE = "not_storable"
# Seconds before an item is tried again after trouble that passes, doubled each time.
PAUSE = 15
LONGEST_PAUSE = 300
# After so long somebody has to look; until then nobody has to hand the file in again.
LONGEST_TROUBLE = timedelta(days=1)
# About what the pauses come to in that time.
TRIES_OF_A_DAY = 280

# The machine has no process, memory or file descriptor left for us at this moment.
BUSY = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
NO_ROOM = "There is no room left for files on the server."
NO_MEANS = "The server is too busy to read the file at this moment."


class ItemTaken(Exception):
    """Somebody cancelled the item, or another worker has it."""


def require_held(item: IngestionItem) -> None:
    """Raise `ItemTaken` when an item is not this worker's own any more."""
    if not leased_row(item).exists():
        raise ItemTaken


def fail_item(item: IngestionItem, code: str, detail: str) -> bool:
    """Give an item up; false when this worker does not hold it any more."""
    return end_item(item, Stage.FAILED, code, detail)


def skip_item(
    item: IngestionItem, code: str, detail: str, *, document: Document | None = None
) -> bool:
    """End an item that nobody wants any more; false when this worker does not hold it.

    `document` is what was made of the same file before.
    """
    known = {"document": document} if document is not None else {}
    return end_item(item, Stage.SKIPPED, code, detail, **known)


@transaction.atomic
def end_item(item: IngestionItem, stage: Stage, code: str, detail: str, **changes: Any) -> bool:
    """End an item with a reason; false when this worker does not hold it any more."""
    logger.info("Item %s is %s: %s", item.pk, stage, code)
    # What failed may be asked for again, so its file stays.
    released = changes | ({"stored_file": None} if stage == Stage.SKIPPED else {})
    if item.stage == Stage.PARSING:
        # How far it was read.
        released["note"] = ""
    has_ended = leased_row(item).change(
        stage=stage,
        attempts=item.attempts + 1,
        lease_token=None,
        lease_until=None,
        error_code=code[:64],
        error_detail=detail,
        **released,
    )
    # Of a file that was read before, that was written then.
    if has_ended and stage == Stage.FAILED and item.stage == Stage.PARSING:
        record_file(item, UsageOutcome.FAILED)
    elif has_ended and stage == Stage.SKIPPED:
        after_commit(partial(FILES.add, Stage.SKIPPED.value))
    return bool(has_ended)


def record_file(item: IngestionItem, outcome: UsageOutcome, **figures: Any) -> None:
    """Write down that a file was read, or could not be; runs in the caller's transaction."""
    owner = item.run.owner_id
    record_usage(UsageKind.INGESTION, owner, outcome=outcome, size=item.size, **figures)


def postpone_item(item: IngestionItem, seconds: float) -> None:
    """Put an item back for so many seconds, without counting this as a try."""
    leased_row(item).change(stage=Stage.QUEUED, lease_token=None, lease_until=lease_end(seconds))
    queue_task(
        "ingestion.tasks.work",
        countdown=seconds,
        expires=seconds + WAKE_SECONDS,
        priority=LEAST_URGENT,
    )


def retry_item(item: IngestionItem, code: str, detail: str, *, pause: float = 0.0) -> bool:
    """Put an item back for `pause` seconds at least; give it up after the configured attempts.

    True when it was given up.
    """
    if item.failures + 1 >= config.ingestion.max_attempts:
        return fail_item(item, code, detail)
    logger.warning("Item %s will be tried again: %s", item.pk, code)
    leased_row(item).change(
        stage=Stage.QUEUED,
        attempts=item.attempts + 1,
        failures=item.failures + 1,
        lease_token=None,
        lease_until=lease_end(max(2**item.failures, pause)),
        error_code=code[:64],
        error_detail=detail,
    )
    return False


def delay_item(item: IngestionItem, code: str, detail: str) -> None:
    """Put an item back after trouble that is not its fault, with pauses that double.

    It is given up when the trouble has lasted for a day. A worker that does not hold it any more
    changes nothing.
    """
    # A file may have waited for its turn for longer than that.
    is_long = timezone.now() - item.accepted_at > LONGEST_TROUBLE
    if is_long and item.attempts >= TRIES_OF_A_DAY:
        fail_item(item, code, detail)
        return
    logger.warning("Item %s waits: %s", item.pk, code)
    leased_row(item).change(
        stage=Stage.QUEUED,
        attempts=item.attempts + 1,
        lease_token=None,
        lease_until=lease_end(min(PAUSE * 2 ** min(item.attempts, 10), LONGEST_PAUSE)),
        error_code=code[:64],
        error_detail=detail,
    )


def lock_positions(run_id: UUID) -> None:
    """Let nobody else add items to a run in this transaction: each takes the next position."""
    lock_names(f"ingestion-positions:{run_id}")


def leased_row(item: IngestionItem) -> ItemQuerySet:
    """The row of an item as long as this worker holds it."""
    return IngestionItem.objects.held(item.lease_token).filter(pk=item.pk, stage=item.stage)


def status_by_items() -> Case:
    """The status in which a run ends, by how its items did."""
    items = IngestionItem.objects.filter(run=OuterRef("pk"))
    failed, ready = Exists(items.failed()), Exists(items.filter(stage=Stage.READY))
    return Case(
        When(status=IngestionStatus.CANCELLED, then=F("status")),
        When(Q(failed) & Q(ready), then=Value(IngestionStatus.PARTIAL)),
        When(failed, then=Value(IngestionStatus.FAILED)),
        default=Value(IngestionStatus.SUCCEEDED),
    )


def close_finished_runs(run_ids: Iterable[UUID] | None = None) -> int:
    """End the runs whose items have all ended; without ids, every such run. How many there were.

    One statement: two workers that finish the last two items cannot both miss it.
    """
    runs = IngestionRun.all_objects.exhausted()
    if run_ids is not None:
        runs = runs.filter(pk__in=list(run_ids))
    now = timezone.now()
    return runs.update(status=status_by_items(), finished_at=now, updated_at=now)


def finish_items(document_ids: Collection[UUID] | None = None) -> None:
    """End the items of documents that have their vectors, or not; without ids, every such item.

    Whatever a process that died here left undone, the next call does.
    """
    items = IngestionItem.objects.unembedded()
    if document_ids is not None:
        items = items.filter(document__in=document_ids)
    run_ids = follow_documents(items)
    finished = close_finished_runs(run_ids) if run_ids else 0
    for run in IngestionRun.all_objects.filter(pk__in=run_ids):
        announce(run, final=bool(finished))


@transaction.atomic
def follow_documents(items: ItemQuerySet) -> set[UUID]:
    """Let items say what their documents do; the runs of those that changed."""
    relax_durability()
    embedding = Q(stage=Stage.EMBEDDING)
    gone = embedding & (Q(document__isnull=True) | Q(document__deleted_at__isnull=False))
    alive = Q(document__deleted_at__isnull=True)
    # Also of an item that was given up: its document is tried again, after ever longer pauses.
    ready = alive & Q(document__status=DocumentStatus.READY)
    failed = alive & embedding & Q(document__status=DocumentStatus.FAILED)
    waiting = alive & embedding & Q(document__status=DocumentStatus.SEARCHABLE)
    run_ids: set[UUID] = set()
    for rule, change in (
        (gone, skip_items),
        (ready, mark_items_ready),
        (failed, fail_items),
        (waiting, explain_items),
    ):
        # Whoever else locks one does the same at this moment, or takes it away.
        locked = items.filter(rule).order_by("pk").select_for_update(skip_locked=True, of=("self",))
        found = dict(locked.values_list("pk", "run_id"))
        if found and change(IngestionItem.objects.filter(pk__in=found)):
            run_ids.update(found.values())
    return run_ids


def skip_items(items: ItemQuerySet) -> int:
    """End items whose document was deleted."""
    return items.change(
        stage=Stage.SKIPPED,
        error_code="document_deleted",
        error_detail="The document was deleted meanwhile.",
    )


def mark_items_ready(items: ItemQuerySet) -> int:
    """End items whose document has its vectors; runs that ended without them end anew."""
    given_up = items.failed().values("run")
    IngestionRun.all_objects.filter(pk__in=given_up).update(finished_at=None)
    return items.change(stage=Stage.READY, error_code="", error_detail="")


def fail_items(items: ItemQuerySet) -> int:
    """Tell that the vectors of items' documents cannot be computed."""
    tasks = task_of_item().failed()
    return items.change(
        stage=Stage.FAILED,
        attempts=F("attempts") + Coalesce(Subquery(tasks.values("failures")), 0),
        error_code=Coalesce(Subquery(tasks.values("error_code")), Value("embedding_failed")),
        error_detail=Coalesce(Subquery(tasks.values("error_detail")), Value("")),
    )


def explain_items(items: ItemQuerySet) -> int:
    """Tell why items have to wait, where that is new."""
    tasks = task_of_item().exclude(error_code="")
    news = items.annotate(reason=Subquery(tasks.values("error_code"))).filter(reason__isnull=False)
    return news.exclude(error_code=F("reason")).change(
        error_code=F("reason"), error_detail=Subquery(tasks.values("error_detail"))
    )


def task_of_item() -> EmbeddingTaskQuerySet:
    """The task of the active model for the document of an item, in a subquery."""
    rows: EmbeddingTaskQuerySet = EmbeddingTask.objects.filter(
        model__active=True, document=OuterRef("document")
    )
    return rows


def passing_reason(error: BaseException) -> tuple[str, str] | None:
    """Code and sentence of trouble that is no fault of the file; none for any other."""
    if isinstance(error, VectorsUnusable):
        return None
    if isinstance(error, (StorageFull, StorageUnavailable, UpstreamUnavailable)):
        return error.code, error.message
    is_full = isinstance(error, OSError) and error.errno in FULL
    # The parser has no room for what it unpacks.
    if is_full or (isinstance(error, ParseFailed) and error.code == StorageFull.code):
        return StorageFull.code, NO_ROOM
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in BUSY):
        return "server_busy", NO_MEANS
    return None
