"""Telling those who wait for an answer how many are before it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from chat.enums import RunStatus
from chat.events import Event, begun_key, encoded, log_key
from chat.runs.log.run_log import LogCipher, LogUnreadable
from chat.runs.log.writer import unfinished_seconds
from chat.runs.queue import queued_places
from youworker.core.effects import attempt
from youworker.core.redis import sync_redis

if TYPE_CHECKING:
    from uuid import UUID

# Whoever is behind these is told when it is nearly their turn.
MOST_TOLD = 100
# What a run that waits has told last.
WAITING = {RunStatus.QUEUED, RunStatus.WAITING_APPROVAL}


class PlaceTeller:
    """Writes the places of queued runs into their logs, where they have changed."""

    def __init__(self) -> None:
        self.told: dict[UUID, int] = {}

    def tell(self) -> None:
        """Look at the queue once, and tell what has changed since."""
        places = queued_places(MOST_TOLD)
        changed = {pk: place for pk, place in places.items() if self.told.get(pk) != place}
        self.told = places
        for run_id, place in changed.items():
            attempt("telling a place in the queue", tell_place, run_id, place)


def tell_place(run_id: UUID, place: int) -> None:
    """Tell the viewers of a run its place, unless that was told or a process works on it."""
    key = log_key(run_id)
    data = {"status": RunStatus.QUEUED, "position": place}
    write = partial(append_place, key=key, run_id=run_id, data=data)
    sync_redis().transaction(write, key, begun_key(run_id))


def append_place(pipeline: Any, *, key: str, run_id: UUID, data: dict[str, Any]) -> None:
    """Add the event to what a transaction does, whose keys are watched."""
    has_begun, last = pipeline.exists(begun_key(run_id)), pipeline.xrevrange(key, count=1)
    pipeline.multi()
    cipher = LogCipher(run_id)
    before = last_event(cipher, last)
    if has_begun or (last and before is None) or not waits_after(before, data):
        return
    seq = before.seq + 1 if before else 1
    pipeline.xadd(key, cipher.seal(Event(seq, "run", encoded(data))), id=f"{seq}-0")
    pipeline.expire(key, unfinished_seconds())


def last_event(cipher: LogCipher, rows: Any) -> Event | None:
    """The last event of a log; None when there is none, or it is unreadable."""
    try:
        return cipher.open(rows[0]) if rows else None
    except LogUnreadable:
        return None


def waits_after(last: Event | None, data: dict[str, Any]) -> bool:
    """Whether a run waits after its last event, and that told something else than this."""
    if last is None:
        return True
    told = orjson.loads(last.data)
    return last.type == "run" and told.get("status") in WAITING and told != data
