"""Who works on what: claims, heartbeats, and the return of what was lost."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from ingestion.enums import IngestionStatus, Stage
from ingestion.models import IngestionItem, IngestionRun
from youworker.core.config import config
from youworker.core.db import relax_durability
from youworker.core.leases import MAX_LOSSES, RELEASED, keep_lease_alive, new_lease
from youworker.core.processes import new_token

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

logger = logging.getLogger(__name__)

BATCH = 8
CANDIDATES = 8


@dataclass(frozen=True, slots=True)
class Lease:
    """Some items of one run, held by this worker under one token."""

    token: UUID
    items: Sequence[IngestionItem]

    def keep_alive(self) -> AbstractContextManager[None]:
        """Keep what this worker still holds from being taken over, in a `with` block."""
        held = IngestionItem.objects.held(self.token)
        return keep_lease_alive(held, seconds=config.ingestion.lease_seconds)

    def release(self) -> None:
        """Give back what was not worked on."""
        held = IngestionItem.objects.held(self.token)
        held.change(stage=Stage.QUEUED, **RELEASED)


def claim() -> Lease | None:
    """Lease items to be parsed, of the run whose turn it is; none when nothing waits.

    Up to `BATCH` items come at once; one with which something went wrong comes alone, so that
    it costs its neighbours nothing.
    """
    runs = IngestionRun.all_objects.with_work().fairest_first().select_related("owner")
    for run in runs[:CANDIDATES]:
        lease = claim_of(run)
        if lease is not None:
            return lease
    return None


@transaction.atomic
def claim_of(run: IngestionRun) -> Lease | None:
    """Lease waiting items of one run; none when other workers were first."""
    relax_durability()
    waiting = run.items.waiting().order_by("position")
    chosen = waiting.unspoiled().lock_free(BATCH) or waiting.lock_free(1)
    if not chosen:
        return None
    token = new_token()
    chosen_rows = IngestionItem.objects.filter(pk__in=[item.pk for item in chosen])
    chosen_rows.change(stage=Stage.PARSING, **new_lease(token, config.ingestion.lease_seconds))
    mark_served(run)
    for item in chosen:
        item.stage, item.lease_token, item.run = Stage.PARSING, token, run
    return Lease(token, chosen)


def mark_served(run: IngestionRun) -> None:
    """Note that a run was served, and that it runs."""
    now = timezone.now()
    IngestionRun.all_objects.filter(pk=run.pk).update(
        claimed_at=now,
        started_at=Coalesce(F("started_at"), Value(now)),
        status=Case(
            When(status=IngestionStatus.QUEUED, then=Value(IngestionStatus.RUNNING)),
            default=F("status"),
        ),
        updated_at=now,
    )


def reclaim_expired_leases() -> int:
    """Return items of workers that fell silent to the queue; how many there were.

    An item that is seen silent for the first time is only marked. After `MAX_LOSSES` workers
    were lost with an item it is quarantined.
    """
    IngestionItem.objects.leased().suspect_expired()
    abandoned = IngestionItem.objects.abandoned()
    waiting = {"losses": F("losses") + 1, **RELEASED}
    quarantined = abandoned.filter(losses__gte=MAX_LOSSES - 1).change(
        stage=Stage.FAILED,
        error_code="quarantined",
        error_detail=f"{MAX_LOSSES} workers were lost while they worked on this file.",
        **waiting,
    )
    returned = quarantined + abandoned.change(stage=Stage.QUEUED, **waiting)
    if returned:
        logger.warning("Took back %s items of silent workers", returned)
    return returned
