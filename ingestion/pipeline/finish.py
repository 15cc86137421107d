"""The second stage: items follow what becomes of their documents' vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from documents.enums import DocumentStatus
from documents.models import EmbeddingTask
from ingestion.enums import Stage
from ingestion.events import announce
from ingestion.models import IngestionItem, IngestionRun
from ingestion.pipeline.outcomes import close_finished_runs
from youworker.core.db import relax_durability

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from documents.managers import EmbeddingTaskQuerySet
    from ingestion.managers import ItemQuerySet


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
