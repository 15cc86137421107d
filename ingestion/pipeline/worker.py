"""The loop of a worker: parse while there is something to parse, embed otherwise."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models.functions import Now

from documents import services as documents
from ingestion.events import announce
from ingestion.models import IngestionRun
from ingestion.pipeline.leases import Lease, claim
from ingestion.pipeline.outcomes import close_finished_runs, finish_items
from ingestion.pipeline.parse import parse_items

if TYPE_CHECKING:
    from uuid import UUID


def work_for(seconds: float) -> bool:
    """Work on waiting items; whether there may be more to do."""
    until = time.monotonic() + seconds
    while work_once(until=until):
        if time.monotonic() > until:
            return True
    return False


def work_once(*, until: float) -> bool:
    """Take one batch through one stage; whether there was one."""
    parsing = claim()
    if parsing is not None:
        parse_claimed(parsing, until=until)
        return True
    embedded = documents.embed_next(until=until)
    if embedded is not None:
        finish_items(embedded)
    return embedded is not None


def parse_claimed(lease: Lease, *, until: float) -> None:
    """Parse what was claimed, then end its run if that was the last of it, and tell."""
    run, began = lease.items[0].run, time.monotonic()
    try:
        with lease.keep_alive():
            parse_items(lease, until=until)
    except BaseException:
        lease.release()
        raise
    ended = time.monotonic()
    if ended > until:
        charge_turn(run.owner_id, ended - began)
    finished = close_finished_runs([run.pk])
    announce(run, final=bool(finished))


@transaction.atomic
def charge_turn(owner_id: UUID, seconds: float) -> None:
    """Let an owner, whose turn took longer than its time, wait as long as the others need.

    All their runs count as served that much later, so that many runs are no more turns.
    """
    runs = IngestionRun.all_objects.filter(owner=owner_id).unfinished()
    # Rows that others write at this moment are left out: waiting for them could deadlock.
    ids = list(runs.select_for_update(skip_locked=True).values_list("pk", flat=True))
    served_at = Now() + timedelta(seconds=seconds)
    IngestionRun.all_objects.filter(pk__in=ids).update(claimed_at=served_at)
