"""Ending runs whose process is gone: the text is kept, viewers are told."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from django.db import transaction
from redis.exceptions import RedisError

from chat.enums import RunStatus
from chat.events import Event, LogCipher, LogUnreadable, encoded, log_key
from chat.models import Run
from chat.rendering import done_payload
from chat.runs.records import end_orphans
from youworker.common.config import config
from youworker.common.effects import after_commit
from youworker.common.redis import sync_redis

if TYPE_CHECKING:
    from uuid import UUID


def interrupt_stalled_runs() -> int:
    """End runs whose process is gone, keeping the text from their logs; how many there were."""
    count = 0
    for run in Run.objects.stalled().select_related("answer"):
        count += interrupt(run)
    return count


def interrupt(run: Run) -> bool:
    """End one run as interrupted; false when its process came back in time."""
    entries = read_log(run.pk)
    said = "".join(data.get("text", "") for kind, data in entries if kind == "token")
    with transaction.atomic():
        detail = "The server that wrote this answer was stopped."
        ended = Run.objects.finish(run.pk, RunStatus.INTERRUPTED, error_code="interrupted")
        if not ended:
            return False
        run.error_detail = detail
        run.save(update_fields=["error_detail"])
        if run.answer is not None and len(said) > len(run.answer.content):
            run.answer.content = said
            run.answer.save_fields("content")
        end_orphans(run)
        after_commit(partial(append_end, run.pk))
    return True


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
    """Tell the viewers of an interrupted run that it is over."""
    run = Run.objects.select_related("answer").get(pk=run_id)
    key = log_key(run_id)
    try:
        last: Any = sync_redis().xrevrange(key, count=1)
        if last and last[0][1].get(b"t") == b"done":
            return
        seq = int(last[0][0].split(b"-")[0]) + 1 if last else 1
        end = Event(seq, "done", encoded(done_payload(run)))
        sync_redis().xadd(key, LogCipher(run_id).seal(end), id=f"{seq}-0")
        sync_redis().expire(key, config.agent.log_seconds)
    except RedisError:
        # Viewers find the end in the database.
        return
