"""Ending runs whose process is gone: the text is kept, viewers are told."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from django.db import transaction
from redis.exceptions import RedisError

from chat.enums import RunStatus
from chat.events import Event, LogCipher, LogUnreadable, encoded, log_key
from chat.models import Message, Run
from chat.rendering import done_payload
from chat.runs.records import cut_off
from youworker.common.config import config
from youworker.common.effects import after_commit
from youworker.common.redis import sync_redis

if TYPE_CHECKING:
    from uuid import UUID

INTERRUPTED_SENTENCE = "The server that wrote this answer was stopped."
# The greatest number an entry of a Redis Stream can have.
LAST_ID = "18446744073709551615-18446744073709551615"


def interrupt_stalled_runs() -> int:
    """End runs whose process is gone, keeping the text from their logs; how many there were.

    A run that is seen stalled for the first time is only marked.
    """
    Run.objects.active().suspect_expired()
    return sum(interrupt(run) for run in Run.objects.stalled())


def interrupt(run: Run) -> bool:
    """End one run as interrupted; false when its process came back in time."""
    entries = read_log(run.pk)
    said = "".join(data.get("text", "") for kind, data in entries if kind == "token")
    with transaction.atomic():
        stalled = Run.objects.stalled()
        # Without its token the process cannot take the run for one that it ended itself.
        changes = {"status": RunStatus.INTERRUPTED, "lease_token": None}
        if not cut_off(stalled, run, "interrupted", INTERRUPTED_SENTENCE, **changes):
            return False
        keep_said(run, said)
        after_commit(partial(append_end, run.pk))
    return True


def keep_said(run: Run, said: str) -> None:
    """Store the text of a run's log, when it is more than was saved."""
    if run.answer_id is None:
        return
    # Read only now: the run's process may have saved more until it was ended.
    answer = Message.objects.get(pk=run.answer_id)
    if len(said) > len(answer.content):
        answer.content = said
        answer.save_fields("content")


def read_log(run_id: UUID) -> list[tuple[str, dict[str, Any]]]:
    """The entries of a run's log; empty when Redis is away or lost it, or it is unreadable."""
    cipher = LogCipher(run_id)
    try:
        rows: Any = sync_redis().xrange(log_key(run_id))
        events = [cipher.open(row) for row in rows]
    except (RedisError, LogUnreadable):
        return []
    return [(event.type, orjson.loads(event.data)) for event in events]


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
