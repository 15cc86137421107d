"""Telling the browsers of an owner that a run has moved on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from youworker.common.effects import attempt
from youworker.common.redis import sync_redis

if TYPE_CHECKING:
    from uuid import UUID

    from ingestion.models import IngestionRun

# Milliseconds between two notices about one run, from whichever worker.
PAUSE_MS = 300
SEND_SECONDS = 1.0


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
