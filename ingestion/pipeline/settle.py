"""The end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone

from ingestion.enums import RunStatus, Stage
from ingestion.models import IngestionItem, IngestionRun

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID


def settle(run_ids: Iterable[UUID] | None = None) -> int:
    """End the runs whose items have all ended; without ids, every such run. How many there were.

    One statement: two workers that finish the last two items cannot both miss it.
    """
    runs = IngestionRun.all_objects.exhausted()
    if run_ids is not None:
        runs = runs.filter(pk__in=list(run_ids))
    items = IngestionItem.objects.filter(run=OuterRef("pk"))
    failed, ready = Exists(items.failed()), Exists(items.filter(stage=Stage.READY))
    now = timezone.now()
    return runs.update(
        status=Case(
            When(status=RunStatus.CANCELLED, then=F("status")),
            When(Q(failed) & Q(ready), then=Value(RunStatus.PARTIAL)),
            When(failed, then=Value(RunStatus.FAILED)),
            default=Value(RunStatus.SUCCEEDED),
        ),
        finished_at=now,
        updated_at=now,
    )
