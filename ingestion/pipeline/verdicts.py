"""How an item leaves a stage without having passed it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import DataError, IntegrityError

from ingestion.enums import Stage
from ingestion.models import IngestionItem
from youworker.common.config import config
from youworker.common.leases import lease_end

if TYPE_CHECKING:
    from django.db import DatabaseError

    from ingestion.managers import ItemQuerySet
    from ingestion.pipeline.leases import Lease

logger = logging.getLogger(__name__)

NOT_STORABLE = "not_storable"
# SQLSTATEs of limits that a value exceeds ("string is too long for tsvector"): the driver sorts
# them with servers that are away.
LIMIT_EXCEEDED = "54"


class TakenAway(Exception):
    """Somebody cancelled the item, or another worker has it."""


def require_held(item: IngestionItem, lease: Lease) -> None:
    """Show that this worker is alive; raises `TakenAway` when the item is not its own any more."""
    lease.keep_alive()
    if not held_row(item).exists():
        raise TakenAway


def is_refused_value(error: DatabaseError) -> bool:
    """Whether PostgreSQL refused what was to be stored, rather than was away.

    Trying for ever would not help, as it does when a database comes back.
    """
    if isinstance(error, DataError | IntegrityError):
        return True
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return state.startswith(LIMIT_EXCEEDED)


def fail(item: IngestionItem, code: str, detail: str) -> bool:
    """Give an item up; false when this worker does not hold it any more."""
    return end_item(item, Stage.FAILED, code, detail)


def skip_item(item: IngestionItem, code: str, detail: str) -> bool:
    """End an item that nobody wants any more; false when this worker does not hold it."""
    return end_item(item, Stage.SKIPPED, code, detail)


def end_item(item: IngestionItem, stage: Stage, code: str, detail: str) -> bool:
    """End an item with a reason; false when this worker does not hold it any more."""
    logger.info("Item %s is %s: %s", item.pk, stage, code)
    # What failed may be asked for again, so its file stays.
    released = {"stored_file": None} if stage == Stage.SKIPPED else {}
    return bool(
        held_row(item).change(
            stage=stage,
            attempts=item.attempts + 1,
            lease_token=None,
            lease_until=None,
            error_code=code[:64],
            error_detail=detail,
            **released,
        )
    )


def try_again(item: IngestionItem, code: str, detail: str) -> bool:
    """Put an item back after a short pause; give it up after the configured attempts.

    True when it was given up.
    """
    if item.failures + 1 >= config.ingestion.max_attempts:
        return fail(item, code, detail)
    logger.warning("Item %s will be tried again: %s", item.pk, code)
    held_row(item).change(
        stage=Stage.QUEUED if item.stage == Stage.PARSING else item.stage,
        attempts=item.attempts + 1,
        failures=item.failures + 1,
        lease_token=None,
        lease_until=lease_end(2**item.failures),
        error_code=code[:64],
        error_detail=detail,
    )
    return False


def held_row(item: IngestionItem) -> ItemQuerySet:
    """The row of an item as long as this worker holds it."""
    return IngestionItem.objects.held(item.lease_token).filter(pk=item.pk, stage=item.stage)
