"""The rules by which runs, their files and the documents belong together."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from documents.enums import DocumentStatus
from documents.storage import ensure_incoming_folder
from ingestion.enums import IngestionStatus, Stage
from ingestion.events import wake_workers
from ingestion.models import IngestionItem, IngestionRun
from ingestion.pipeline.leases import reclaim_expired_leases
from ingestion.pipeline.outcomes import close_finished_runs, finish_items, status_by_items
from ingestion.store import STALE_SECONDS, remove_stale
from youworker.core.effects import after_commit
from youworker.core.inspection import Check, Finding
from youworker.core.leases import reclaim_twice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROWS_AT_ONCE = 2000
# A file that waits longer has no worker, or far too many before it.
LONG = timedelta(hours=1)


def find_expired_items(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Files held by workers that are gone."""
    yield from findings_of(IngestionItem.objects.long_expired(), "stage")


def take_back_items(ids: Sequence[str]) -> int:
    """Return what was held to the queue; how many files."""
    return reclaim_twice(reclaim_expired_leases)


def find_stuck_items(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Files said to wait for vectors whose document does not, or is gone."""
    waiting = IngestionItem.objects.filter(stage=Stage.EMBEDDING)
    over = (
        Q(document__isnull=True)
        | Q(document__deleted_at__isnull=False)
        | Q(document__status__in=(DocumentStatus.READY, DocumentStatus.FAILED))
    )
    yield from findings_of(waiting.filter(over), "document__status")


def finish_stuck(ids: Sequence[str]) -> int:
    """Let files say what became of their documents."""
    finish_items()
    return len(ids)


def find_closed_runs(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Runs that are over although files of theirs wait; nobody would take these."""
    active = IngestionItem.objects.active().filter(run=OuterRef("pk"))
    rows = IngestionRun.all_objects.filter(Exists(active), finished_at__isnull=False)
    yield from findings_of(rows, "status")


@transaction.atomic
def resume_runs(ids: Sequence[str]) -> int:
    """Let workers see files of runs that were over too early; how many runs."""
    active = IngestionItem.objects.active().filter(run=OuterRef("pk"))
    rows = IngestionRun.all_objects.filter(Exists(active), pk__in=ids, finished_at__isnull=False)
    now = timezone.now()
    count = rows.update(status=IngestionStatus.RUNNING, finished_at=None, updated_at=now)
    after_commit(wake_workers)
    return count


def find_open_runs(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Runs that are not over although all their files are."""
    yield from findings_of(IngestionRun.all_objects.exhausted(), "status")


def close_runs(ids: Sequence[str]) -> int:
    """End runs whose files have all ended; how many."""
    return close_finished_runs(map(UUID, ids))


def find_wrong_runs(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Runs that ended otherwise than their files."""
    yield from findings_of(misjudged_runs(), "status")


def misjudged_runs() -> Any:
    """Runs that are over, whose status is not what their files make of it."""
    active = IngestionItem.objects.active().filter(run=OuterRef("pk"))
    over = IngestionRun.all_objects.filter(finished_at__isnull=False).exclude(Exists(active))
    return over.annotate(right=status_by_items()).exclude(status=F("right"))


@transaction.atomic
def judge_runs(ids: Sequence[str]) -> int:
    """Let runs end as their files did; how many."""
    wrong = list(misjudged_runs().filter(pk__in=ids).values_list("pk", flat=True))
    IngestionRun.all_objects.filter(pk__in=wrong).update(finished_at=None)
    return close_finished_runs(wrong)


def find_stale_files(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Half-received files of processes that died."""
    limit = time.time() - STALE_SECONDS
    for path in sorted(ensure_incoming_folder().iterdir()):
        try:
            state = path.stat()
        except FileNotFoundError:
            continue
        if state.st_mtime < limit:
            yield Finding(path.name, f"{state.st_size} bytes")


def remove_stale_files(names: Sequence[str]) -> int:
    """Remove half-received files of processes that died; how many."""
    return remove_stale()


def find_waiting_items(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Files that nobody took for a long time."""
    old = IngestionItem.objects.waiting().filter(updated_at__lt=Now() - LONG)
    yield from findings_of(old, "updated_at")


def find_quarantined_items(deep: bool) -> Iterator[Finding]:  # noqa: FBT001 -- as every look
    """Files that cost too many workers, and are left alone."""
    rows = IngestionItem.objects.failed().filter(error_code="quarantined", document=None)
    yield from findings_of(rows, "error_detail")


def findings_of(rows: Any, detail: str) -> Iterator[Finding]:
    """A finding for each row, in order."""
    for pk, value in rows.order_by("pk").values_list("pk", detail).iterator(ROWS_AT_ONCE):
        yield Finding(str(pk), "" if value is None else str(value))


INGESTION_CHECKS = (
    Check(
        "expired-item-leases",
        _("Files in the hands of workers that are gone"),
        find_expired_items,
        take_back_items,
    ),
    Check("stuck-items", _("Files that wait for vectors in vain"), find_stuck_items, finish_stuck),
    Check("closed-runs", _("Runs that ended before their files"), find_closed_runs, resume_runs),
    Check("open-runs", _("Runs that did not end with their files"), find_open_runs, close_runs),
    Check(
        "wrong-runs", _("Runs that ended otherwise than their files"), find_wrong_runs, judge_runs
    ),
    Check("stale-files", _("Half-received files"), find_stale_files, remove_stale_files),
    Check(
        "waiting-items",
        _("Files that nobody took for an hour"),
        find_waiting_items,
        is_notice=True,
    ),
    Check(
        "quarantined-items",
        _("Files that are left alone because workers were lost with them"),
        find_quarantined_items,
        is_notice=True,
    ),
)
