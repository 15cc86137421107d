"""Bringing events to endpoints, each at its own pace: a slow one holds up nobody else."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from asgiref.sync import async_to_sync, sync_to_async
from django.db import DatabaseError, transaction
from django.utils import timezone

from youworker.core.config import config
from youworker.webhooks.enums import EVERYTHING, DeliveryStatus
from youworker.webhooks.models import Delivery, Endpoint, Event
from youworker.webhooks.sending import open_client, send_event
from youworker.webhooks.settling import settle_attempts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    import httpx2

    from youworker.webhooks.sending import Outcome

logger = logging.getLogger(__name__)

# So long nobody begins anything new: the worker has other things to do, too.
BUDGET_SECONDS = 15.0
# How often it is looked who else has something due, while somebody is being waited for.
LOOK_SECONDS = 0.5
# Endpoints served at once, and requests at once to each of them.
MOST_LANES, ABREAST = 20, 4
# Between the end of the last attempt and the release.
SLACK_SECONDS = 15.0
EVENTS_AT_ONCE = 500
# After a mistake of ours, such as a secret that cannot be decrypted.
MISHAP_SECONDS = 300.0
OURS = "Something went wrong on our side: the log of the worker says what."

UNSENT = "It waited when the backup was made and may have arrived since: send it again if not."


def deliver_due() -> int:
    """Send what is due, for some seconds; how many attempts there were."""
    return async_to_sync(Dispatcher().run)()


def distribute_events() -> int:
    """Make a delivery of each new event for each endpoint that wants it; how many events."""
    total = 0
    while count := distribute_some():
        total += count
        if count < EVENTS_AT_ONCE:
            break
    return total


@transaction.atomic
def distribute_some() -> int:
    """Do that for the oldest events that nobody else has at this moment."""
    rows = Event.objects.undistributed().order_by("created_at", "pk")
    events = list(rows.select_for_update(skip_locked=True)[:EVENTS_AT_ONCE])
    if not events:
        return 0
    # Held, so that none is removed before its deliveries are there.
    endpoints = list(Endpoint.objects.collecting().order_by("pk").select_for_update(no_key=True))
    Delivery.objects.bulk_create(
        [
            Delivery(endpoint=endpoint, event=event)
            for event in events
            for endpoint in endpoints
            if wants(endpoint, event)
        ],
        ignore_conflicts=True,
    )
    Event.objects.filter(pk__in=[one.pk for one in events]).update(distributed=True)
    return len(events)


def wants(endpoint: Endpoint, event: Event) -> bool:
    """Whether the endpoint was there when it happened, and is to be told of such things."""
    asked = {event.action, EVERYTHING} & set(endpoint.actions)
    return bool(asked) and endpoint.created_at <= event.created_at


class Dispatcher:
    """Serves endpoints side by side in one event loop, one task ("lane") for each of them."""

    def __init__(self) -> None:
        self.until = time.monotonic() + BUDGET_SECONDS
        self.lanes: set[asyncio.Task[None]] = set()
        self.attempts = 0

    async def run(self) -> int:
        """Serve whoever has something due, until nobody has or the time is over."""
        while self.has_time:
            await sync_to_async(distribute_events)()
            for pk in await sync_to_async(self.claim_some)():
                lane = asyncio.create_task(self.serve(pk))
                lane.add_done_callback(note_end)
                self.lanes.add(lane)
            if not self.lanes:
                break
            _done, self.lanes = await asyncio.wait(self.lanes, timeout=LOOK_SECONDS)
        if self.lanes:
            await asyncio.wait(self.lanes)
        return self.attempts

    @property
    def has_time(self) -> bool:
        """Whether something may still be begun."""
        return time.monotonic() < self.until

    def claim_some(self) -> list[UUID]:
        """Take as many endpoints as there are lanes free."""
        free = MOST_LANES - len(self.lanes)
        seconds = BUDGET_SECONDS + config.webhook.timeout_seconds + SLACK_SECONDS
        return Endpoint.objects.claim(free, seconds=seconds) if free else []

    async def serve(self, pk: UUID) -> None:
        """Send one endpoint what is due, oldest first, until it fails or nothing is left."""
        try:
            await self.send_due(pk)
        except DatabaseError as error:
            # It is away for a moment; what is due stays due, and the schedule comes again.
            self.until = time.monotonic()
            logger.warning("webhook %s could not be served: %s", pk, type(error).__name__)
        except Exception:
            # One endpoint's trouble is nobody else's; its deliveries are still due.
            logger.exception("webhook %s could not be served", pk)
            await sync_to_async(Endpoint.objects.set_aside)(pk, seconds=MISHAP_SECONDS, error=OURS)
        finally:
            await sync_to_async(Endpoint.objects.release)(pk)

    async def send_due(self, pk: UUID) -> None:
        """Send batch after batch over the same connections; the row is read anew for each."""
        endpoint, deliveries = await sync_to_async(read_due)(pk)
        if endpoint is None or not deliveries:
            return
        url = endpoint.url
        async with open_client(url) as session:
            while endpoint is not None and deliveries and endpoint.url == url:
                tried = await self.send_batch(session, endpoint, deliveries)
                if not await sync_to_async(settle_attempts)(pk, tried) or not self.has_time:
                    return
                endpoint, deliveries = await sync_to_async(read_due)(pk)

    async def send_batch(
        self, session: httpx2.AsyncClient, endpoint: Endpoint, deliveries: Sequence[Delivery]
    ) -> list[tuple[Delivery, Outcome]]:
        """Send some at once; what came of each."""
        self.attempts += len(deliveries)
        sent = (send_event(session, endpoint, one.event) for one in deliveries)
        return list(zip(deliveries, await asyncio.gather(*sent), strict=True))


def note_end(lane: asyncio.Task[None]) -> None:
    """Log what a lane could not put in order at its end; its time runs out by itself."""
    error = None if lane.cancelled() else lane.exception()
    if error is not None:
        logger.warning("a webhook was not released: %s", type(error).__name__)


def read_due(pk: UUID) -> tuple[Endpoint | None, list[Delivery]]:
    """An active endpoint, and what it is sent next: after a failure one, to see how it does."""
    endpoint = Endpoint.objects.active().filter(pk=pk).first()
    if endpoint is None:
        return None, []
    most = 1 if endpoint.failures else ABREAST
    due = Delivery.objects.filter(endpoint=pk).due().with_event().longest_due_first()
    return endpoint, list(due[:most])


@transaction.atomic
def leave_unsent(before: datetime) -> int:
    """Do not send by itself what waited when a backup was made; how many deliveries.

    Most of them arrived after the backup, and nobody here knows of that. Staff may send each again.
    """
    distribute_events()
    waiting = Delivery.objects.pending().filter(event__created_at__lt=before)
    return waiting.update(
        status=DeliveryStatus.FAILED, error=UNSENT, status_code=None, updated_at=timezone.now()
    )
