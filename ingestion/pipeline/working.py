"""The loop of a worker: parse while there is something to parse, embed otherwise."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ingestion.enums import Stage
from ingestion.events import announce
from ingestion.pipeline.embed import embed_items
from ingestion.pipeline.leases import Lease, claim
from ingestion.pipeline.parse import parse_items
from ingestion.pipeline.settle import settle

if TYPE_CHECKING:
    from collections.abc import Callable


def work_for(seconds: float) -> bool:
    """Work on waiting items; whether there may be more to do."""
    until = time.monotonic() + seconds
    while work_once(until=until):
        if time.monotonic() > until:
            return True
    return False


def work_once(*, until: float) -> bool:
    """Take one batch through one stage; whether there was one."""
    parsing = claim(Stage.QUEUED)
    if parsing is not None:
        with_notice(parsing, parse_items)
        return True
    embedding = claim(Stage.EMBEDDING)
    if embedding is not None:
        with_notice(embedding, lambda lease: embed_items(lease, until=until))
        return True
    return False


def with_notice(lease: Lease, stage: Callable[[Lease], None]) -> None:
    """Run a stage over a lease, then end its run if that was the last of it, and tell."""
    run = lease.items[0].run
    try:
        stage(lease)
    except BaseException:
        lease.release()
        raise
    ended = settle([run.pk])
    announce(run, final=bool(ended))
