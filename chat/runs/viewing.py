"""Viewing a run to its end: the live log, and the database where the log is gone."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from redis.exceptions import RedisError

from chat.events import Event, encoded, log_key
from chat.models import Run
from chat.rendering import done_payload, rendered_message
from chat.runs.follow import follow_log
from chat.runs.process import carried_out_here
from youworker.common.db import in_thread
from youworker.common.redis import async_redis

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from uuid import UUID

KEEPALIVE_SECONDS = 12.0
CHECK_SECONDS = 1.0
# Between the end in the database and the last event in the log lie a few milliseconds.
SETTLED = timedelta(seconds=3)


async def view_run(run_id: UUID, *, after: int = 0) -> AsyncGenerator[list[Event], None]:
    """Batches of events from number `after` to `done`, which comes once and last.

    An empty batch is a sign of life for the transport to pass on.
    """
    # A run of this very process goes on for sure; most viewers come with its question.
    if not carried_out_here(run_id) and not await log_exists(run_id):
        rest = await in_thread(rest_of_finished, run_id, after)
        if rest is not None:
            yield rest
            return
    position = after
    async with aclosing(follow_log(run_id, after=after, silence=CHECK_SECONDS)) as log:
        last_sign = asyncio.get_running_loop().time()
        async for batch in log:
            if batch:
                yield batch
                position = batch[-1].seq
                last_sign = asyncio.get_running_loop().time()
                if batch[-1].type == "done":
                    return
                continue
            rest = await in_thread(rest_of_finished, run_id, position)
            if rest is not None:
                yield rest
                return
            if asyncio.get_running_loop().time() - last_sign > KEEPALIVE_SECONDS:
                last_sign = asyncio.get_running_loop().time()
                yield []


async def log_exists(run_id: UUID) -> bool:
    """Whether Redis has the log; without Redis the database is asked as well."""
    try:
        return bool(await async_redis().exists(log_key(run_id)))
    except (RedisError, OSError):
        return False


def rest_of_finished(run_id: UUID, position: int) -> list[Event] | None:
    """What the database knows of a run that ended and whose log is silent; None = it goes on."""
    run = Run.objects.select_related("answer").filter(pk=run_id).first()
    if run is None:
        return [Event(position + 1, "done", encoded({"status": "interrupted", "message": None}))]
    if run.is_active or run.finished_at is None or run.finished_at > timezone.now() - SETTLED:
        return None
    events: list[Event] = []
    if position == 0 and run.answer is not None:
        message = rendered_message(run.answer)
        payloads = [("run", {"status": "running"})]
        if message["content"]:
            payloads.append(("token", {"text": message["content"]}))
        payloads += [("citation", citation) for citation in message["citations"]]
        events = [Event(n, kind, encoded(data)) for n, (kind, data) in enumerate(payloads, 1)]
    last = Event(position + len(events) + 1, "done", encoded(done_payload(run)))
    return [*events, last]
