"""Telling the browsers of an owner that a run has moved on, and workers that there is work."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from youworker.core.config import config
from youworker.core.effects import attempt, queue_task
from youworker.core.redis import sync_redis

if TYPE_CHECKING:
    from uuid import UUID

    from ingestion.models import IngestionRun

# Milliseconds between two notices about one run, from whichever worker.
PAUSE_MS = 300
SEND_SECONDS = 1.0
# A wake-up that nobody heard in this time is repeated by the sweeper.
WAKE_SECONDS = 30
# Everything else comes first (0): work takes all the time there is, and a sweep that cannot be
# carried out in its period is dropped.
LEAST_URGENT = 9


def group_of(user_id: UUID) -> str:
    """The channel-layer group of everybody who watches this user's runs."""
    return f"ingestion.{user_id.hex}"


def announce(run: IngestionRun, *, final: bool = False) -> None:
    """Send one small notice; readers look up what changed. Never raises.

    Most notices are dropped on purpose: whoever gets one looks again a second later.
    """
    attempt("telling who watches an ingestion run", send_notice, run, final=final)


def send_notice(run: IngestionRun, *, final: bool) -> None:
    """Tell the owner's browsers, unless somebody did a moment ago."""
    key = f"yw:ingestion:notice:{run.pk}"
    if not final and not sync_redis().set(key, 1, nx=True, px=PAUSE_MS):
        return
    message = {"type": "run.changed", "run_id": str(run.pk)}
    async_to_sync(send_in_time)(group_of(run.owner_id), message)


async def send_in_time(group: str, message: dict[str, str]) -> None:
    """Send to a group of sockets; raises `TimeoutError`, for the layer itself waits for long."""
    async with asyncio.timeout(SEND_SECONDS):
        await get_channel_layer().group_send(group, message)


def wake_workers(count: int | None = None) -> None:
    """Wake so many worker processes, or every one; the sweeper makes up for an absent broker."""
    for _ in range(config.ingestion.worker_processes if count is None else count):
        queue_task("ingestion.tasks.work", expires=WAKE_SECONDS, priority=LEAST_URGENT)
