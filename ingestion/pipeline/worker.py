"""The loop of a worker: parse first, but not for so long that others wait for their vectors."""

from __future__ import annotations

import time
from dataclasses import dataclass
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


# Seconds a process parses before it embeds once, though more waits to be parsed: whoever hands in
# one file while thousands of somebody else's are read gets its vectors, too.
LONGEST_SPELL = 10.0


@dataclass(slots=True)
class Spell:
    """How long this process has parsed without a look at what waits for vectors."""

    began: float | None = None

    def begin(self) -> None:
        """Note that something is parsed."""
        if self.began is None:
            self.began = time.monotonic()

    def end(self) -> None:
        """Note that somebody looks at what waits for vectors."""
        self.began = None

    def is_over(self) -> bool:
        """Whether it is the turn of vectors."""
        return self.began is not None and time.monotonic() - self.began > LONGEST_SPELL


spell = Spell()


def work_for(seconds: float) -> bool:
    """Work on waiting items; whether there may be more to do."""
    until = time.monotonic() + seconds
    while work_once(until=until):
        if time.monotonic() > until:
            return True
    return False


def work_once(*, until: float) -> bool:
    """Take one batch through one stage; whether there was one."""
    if spell.is_over():
        spell.end()
        if embed_once(until=until):
            return True
    parsing = claim()
    if parsing is not None:
        spell.begin()
        parse_claimed(parsing, until=until)
        return True
    spell.end()
    return embed_once(until=until)


def embed_once(*, until: float) -> bool:
    """Embed the documents whose turn it is; whether there were any."""
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
