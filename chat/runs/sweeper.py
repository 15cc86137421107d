"""Runs that no process works on: stopped, taken up again, or ended with their text."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from redis.exceptions import RedisError

from chat.agent.state import AgentState, UnknownState
from chat.enums import RunStatus
from chat.events import Event, encoded, log_key, text_said
from chat.models import Message, Run
from chat.rendering import done_payload
from chat.runs.log.run_log import LogCipher, LogUnreadable
from chat.runs.queue import announce_queued
from chat.runs.store import INTERRUPTED_SENTENCE, cut_off
from youworker.core.config import config
from youworker.core.effects import after_commit
from youworker.core.leases import RELEASED
from youworker.core.redis import sync_redis

if TYPE_CHECKING:
    from uuid import UUID

    from chat.managers import RunQuerySet

# An answer that ends its process three times would end every process in turn.
MOST_TAKEOVERS = 3
# The greatest number an entry of a Redis Stream can have.
LAST_ID = "18446744073709551615-18446744073709551615"


def interrupt_stalled_runs() -> int:
    """End runs whose process is gone, keeping the text from their logs; how many there were.

    A run that is seen stalled for the first time is only marked. One of which nothing was shown
    beyond its stored state is queued again instead.
    """
    Run.objects.running().suspect_expired()
    return sum(not requeue_stalled(run) and interrupt(run) for run in Run.objects.stalled())


def requeue_stalled(run: Run) -> bool:
    """Let another process go on with a run whose process is gone, if its viewers notice nothing."""
    rows = Run.objects.stalled().filter(takeovers__lt=MOST_TAKEOVERS)
    return queue_again(rows, run, takeovers=F("takeovers") + 1)


def release_run(run_id: UUID, token: UUID) -> bool:
    """Let another process go on with a run of ours at once, if its viewers notice nothing."""
    rows = Run.objects.running().held(token)
    run = rows.filter(pk=run_id).select_related("answer").first()
    return run is not None and queue_again(rows, run)


def queue_again(rows: RunQuerySet, run: Run, **changes: Any) -> bool:
    """Queue a run again that is among the rows, and can be gone on with; whether it was."""
    rows = rows.wanted().filter(pk=run.pk)
    if not rows.exists() or not is_resumable(run):
        return False
    changes |= {**RELEASED, "updated_at": Now()}
    if not rows.update(status=RunStatus.QUEUED, **changes):
        return False
    announce_queued()
    return True


def is_resumable(run: Run) -> bool:
    """Whether everything that was said of an answer stands in its stored state."""
    try:
        state = AgentState([]) if run.state is None else AgentState.from_json(run.state)
    except UnknownState:
        return False
    if run.state is None and run.tool_runs.exists():
        return False
    entries = read_log(run.pk)
    if entries is None or run.answer is None:
        return False
    said = text_said(entries)
    thought = "".join(data.get("text", "") for kind, data in entries if kind == "reasoning")
    text = max(len(said), len(run.answer.content))
    reasoning = max(len(thought), len(run.answer.reasoning))
    return text <= len(state.text) and reasoning <= len(state.reasoning)


def sweep_idle_runs() -> int:
    """End runs that wait for nothing any more; how many there were."""
    unwanted = [
        stop_idle_run(pk) for pk in Run.objects.idle().unwanted().values_list("pk", flat=True)
    ]
    # Of a version that kept no state, so nobody can go on with them.
    stateless = Run.objects.waiting().filter(state=None)
    code, detail = "interrupted", INTERRUPTED_SENTENCE
    lost = [end_idle(run, RunStatus.INTERRUPTED, code, detail) for run in stateless]
    return sum(unwanted) + sum(lost)


def interrupt(run: Run) -> bool:
    """End one run as interrupted; false when its process came back in time."""
    said = text_said(read_log(run.pk) or [])
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


def read_log(run_id: UUID) -> list[tuple[str, dict[str, Any]]] | None:
    """The entries of a run's log; None when Redis is away, or they are unreadable."""
    cipher = LogCipher(run_id)
    try:
        rows: Any = sync_redis().xrange(log_key(run_id))
        events = [cipher.open(row) for row in rows]
    except (RedisError, LogUnreadable):
        return None
    return [(event.type, orjson.loads(event.data)) for event in events]


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
