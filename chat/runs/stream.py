"""Viewing a run to its end: the live log, and the database where the log is gone."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError
from django.db.models import Q
from django.db.models.functions import Now
from redis.exceptions import RedisError

from accounts.services import access_by
from chat.enums import ACTIVE_STATUSES
from chat.events import Event, encoded, log_key
from chat.models import Run, Session
from chat.rendering import done_payload, rendered_message
from chat.runs.log.reader import follow_log
from chat.runs.log.viewer import ANSWER_SECONDS
from chat.runs.manager import is_running_here
from youworker.core.db import run_in_thread
from youworker.core.effects import Outage
from youworker.core.realtime.revocation import CloseReason, Condition, RevocationPoller
from youworker.core.redis import async_redis

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Mapping
    from uuid import UUID

    from accounts.types import AccessGrant

logger = logging.getLogger(__name__)

KEEPALIVE_SECONDS = 12.0
CHECK_SECONDS = 1.0
# Between the end in the database and the last event in the log lie a few milliseconds.
SETTLED = timedelta(seconds=3)


def unsettled_runs(pks: Collection[UUID]) -> set[UUID]:
    """Those of the runs whose log may still grow."""
    settled = Q(finished_at__lte=Now() - SETTLED) & ~Q(status__in=ACTIVE_STATUSES)
    return set(Run.objects.filter(pk__in=pks).exclude(settled).values_list("pk", flat=True))


def live_sessions(pks: Collection[UUID]) -> set[UUID]:
    """Those of the conversations that are not deleted."""
    return set(Session.objects.filter(pk__in=pks).values_list("pk", flat=True))


# One question a second for all viewers; while nobody answers, runs are taken to go on.
unsettled: RevocationPoller[UUID] = RevocationPoller(unsettled_runs, trusting=True)
sessions: RevocationPoller[UUID] = RevocationPoller(live_sessions)
outage = Outage(logger, "the end of runs cannot be looked up; their viewers wait")


def conditions_of(session_id: UUID, grant: AccessGrant) -> tuple[Condition[Any], ...]:
    """What a stream of a conversation rests on: its reader's access, and that it is not deleted."""
    return access_by(grant), Condition(sessions, session_id, CloseReason.GONE)


async def view_run(run_id: UUID, *, after: int = 0) -> AsyncGenerator[list[Event], None]:
    """Batches of events from number `after` to `done`, which comes once and last.

    An empty batch is a sign of life for the transport to pass on. Redis and the database may be
    away meanwhile: the view goes on when they are back.
    """
    # A run of this very process goes on for sure; most viewers come with its question.
    if not is_running_here(run_id) and not await log_exists(run_id):
        rest = await ask_for_rest(run_id, after)
        if rest:
            yield rest
            return
    position, ended, clock = after, asyncio.Event(), asyncio.get_running_loop().time
    with unsettled.watching(run_id, ended.set):
        async with aclosing(follow_log(run_id, after=after, silence=CHECK_SECONDS)) as log:
            last_sign = clock()
            async for news in log:
                silent = not news and ended.is_set()
                batch = await ask_for_rest(run_id, position) if silent else news
                if batch or clock() - last_sign > KEEPALIVE_SECONDS:
                    yield batch
                    last_sign = clock()
                if batch:
                    position = batch[-1].seq
                    if batch[-1].type == "done":
                        return


async def log_exists(run_id: UUID) -> bool:
    """Whether Redis has the log; without Redis the database is asked as well."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return bool(await async_redis().exists(log_key(run_id)))
    except (RedisError, OSError):
        return False


async def ask_for_rest(run_id: UUID, position: int) -> list[Event]:
    """What `rest_of_finished` knows; nothing while the database cannot answer."""
    try:
        rest = await run_in_thread(rest_of_finished, run_id, position)
    except DatabaseError as error:
        outage.begin(error)
        return []
    outage.end()
    return rest


def rest_of_finished(run_id: UUID, position: int) -> list[Event]:
    """What the database knows of a run whose log is silent; nothing when it may go on."""
    if unsettled_runs({run_id}):
        return []
    run = Run.objects.select_related("answer").filter(pk=run_id).first()
    if run is None:
        return [Event(position + 1, "done", encoded({"status": "interrupted", "message": None}))]
    events: list[Event] = []
    if position == 0 and run.answer is not None:
        message = rendered_message(run.answer)
        payloads: list[tuple[str, Mapping[str, Any]]] = [("run", {"status": "running"})]
        if message["content"]:
            payloads.append(("token", {"text": message["content"]}))
        payloads += [("citation", citation) for citation in message["citations"]]
        events = [Event(n, kind, encoded(data)) for n, (kind, data) in enumerate(payloads, 1)]
    last = Event(position + len(events) + 1, "done", encoded(done_payload(run)))
    return [*events, last]
