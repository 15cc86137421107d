"""Telling the browsers of an owner that a run has moved on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from youworker.common.redis import sync_redis

if TYPE_CHECKING:
    from uuid import UUID

    from ingestion.models import IngestionRun

logger = logging.getLogger(__name__)

# Milliseconds between two notices about one run, from whichever worker.
PAUSE_MS = 300


def group_of(user_id: UUID) -> str:
    """The channel-layer group of everybody who watches this user's runs."""
    return f"ingestion.{user_id.hex}"


def announce(run: IngestionRun, *, final: bool = False) -> None:
    """Send one small notice; readers look up what changed. Never raises.

    Most notices are dropped on purpose: whoever gets one looks again a second later.
    """
    try:
        key = f"yw:ingestion:notice:{run.pk}"
        if not final and not sync_redis().set(key, 1, nx=True, px=PAUSE_MS):
            return
        layer = get_channel_layer()
        message = {"type": "run.changed", "run_id": str(run.pk)}
        async_to_sync(layer.group_send)(group_of(run.owner_id), message)
    except (RedisError, OSError) as error:
        logger.warning("No notice about run %s: %s", run.pk, error)
