"""How items leave a stage and runs end, and what is recorded of them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone

from ingestion.enums import IngestionStatus, Stage
from ingestion.models import IngestionItem, IngestionRun
from quotas.enums import UsageKind, UsageOutcome
from quotas.services import record_usage
from youworker.core.config import config
from youworker.core.leases import lease_end

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from ingestion.managers import ItemQuerySet

logger = logging.getLogger(__name__)

NOT_STORABLE = "not_storable"


class ItemTaken(Exception):
    """Somebody cancelled the item, or another worker has it."""


def require_held(item: IngestionItem) -> None:
    """Raise `ItemTaken` when an item is not this worker's own any more."""
    if not leased_row(item).exists():
        raise ItemTaken


def fail_item(item: IngestionItem, code: str, detail: str) -> bool:
    """Give an item up; false when this worker does not hold it any more."""
    return end_item(item, Stage.FAILED, code, detail)


def skip_item(item: IngestionItem, code: str, detail: str) -> bool:
    """End an item that nobody wants any more; false when this worker does not hold it."""
    return end_item(item, Stage.SKIPPED, code, detail)


@transaction.atomic
def end_item(item: IngestionItem, stage: Stage, code: str, detail: str) -> bool:
    """End an item with a reason; false when this worker does not hold it any more."""
    logger.info("Item %s is %s: %s", item.pk, stage, code)
    # What failed may be asked for again, so its file stays.
    released = {"stored_file": None} if stage == Stage.SKIPPED else {}
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
    return bool(has_ended)


def record_file(item: IngestionItem, outcome: UsageOutcome, **figures: Any) -> None:
    """Write down that a file was read, or could not be; runs in the caller's transaction."""
    owner = item.run.owner_id
    record_usage(UsageKind.INGESTION, owner, outcome=outcome, size=item.size, **figures)


def retry_item(item: IngestionItem, code: str, detail: str) -> bool:
    """Put an item back after a short pause; give it up after the configured attempts.

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
        lease_until=lease_end(2**item.failures),
        error_code=code[:64],
        error_detail=detail,
    )
    return False


def leased_row(item: IngestionItem) -> ItemQuerySet:
    """The row of an item as long as this worker holds it."""
    return IngestionItem.objects.held(item.lease_token).filter(pk=item.pk, stage=item.stage)


def close_finished_runs(run_ids: Iterable[UUID] | None = None) -> int:
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
            When(status=IngestionStatus.CANCELLED, then=F("status")),
            When(Q(failed) & Q(ready), then=Value(IngestionStatus.PARTIAL)),
            When(failed, then=Value(IngestionStatus.FAILED)),
            default=Value(IngestionStatus.SUCCEEDED),
        ),
        finished_at=now,
        updated_at=now,
    )
