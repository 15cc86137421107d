"""Ending runs that no process holds, and telling their viewers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from redis.exceptions import RedisError

from chat.enums import RunStatus
from chat.events import Event, encoded, log_key
from chat.models import Run
from chat.rendering import done_payload
from chat.runs.log.cipher import LogCipher
from chat.runs.store import cut_off
from youworker.core.config import config
from youworker.core.effects import after_commit
from youworker.core.redis import sync_redis

if TYPE_CHECKING:
    from uuid import UUID

# The greatest number an entry of a Redis Stream can have.
LAST_ID = "18446744073709551615-18446744073709551615"


def stop_run(run_id: UUID) -> None:
    """Write down that a run is to end, and end it at once when no process holds it."""
    # In this order: a process that takes it up, or gives it up, in between sees the wish.
    Run.objects.filter(pk=run_id).request_stop()
    stop_idle_run(run_id)


def stop_idle_run(run_id: UUID) -> bool:
    """End a run that no process holds as stopped, at once; false when there is no such run."""
    run = Run.objects.idle().filter(pk=run_id).first()
    return run is not None and end_idle(run, RunStatus.STOPPED)


@transaction.atomic
def end_idle(run: Run, status: RunStatus, code: str = "", detail: str = "") -> bool:
    """End a run, with its answer as it is, unless a process has taken it up."""
    if not cut_off(Run.objects.idle(), run, code, detail, status=status, lease_token=None):
        return False
    after_commit(partial(append_end, run.pk))
    return True


def append_end(run_id: UUID) -> None:
    """Tell the viewers of a run that was cut off that it is over; nothing follows in its log."""
    run = Run.objects.select_related("answer").get(pk=run_id)
    key, cipher, payload = log_key(run_id), LogCipher(run_id), encoded(done_payload(run))

    def append(pipeline: Any) -> None:
        last: Any = pipeline.xrevrange(key, count=1)
        pipeline.multi()
        if last and last[0][1].get(b"t") == b"done":
            return
        seq = int(last[0][0].split(b"-")[0]) + 1 if last else 1
        pipeline.xadd(key, cipher.seal(Event(seq, "done", payload)), id=f"{seq}-0")
        # What a process that slept was about to write is refused by Redis from now on.
        pipeline.execute_command("XSETID", key, LAST_ID)
        pipeline.expire(key, config.agent.log_seconds)

    try:
        sync_redis().transaction(append, key)
    except RedisError:
        # Viewers find the end in the database.
        return
