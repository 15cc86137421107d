"""The WebSocket on which an owner watches their runs."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
from channels.exceptions import StopConsumer
from django.utils import timezone
from django.utils.translation import override

from accounts.services import access_by
from ingestion.events import group_of
from ingestion.models import IngestionItem, IngestionRun
from ingestion.serializers import ItemSerializer, RunSerializer
from youworker.core.db import run_in_thread
from youworker.core.realtime.consumer import BaseConsumer, deny_handshake

if TYPE_CHECKING:
    from uuid import UUID

LARGEST_FRAME = 1 << 20
SHOWN_RUNS = 20
# Changed items told at once; whoever shows a longer list reads it over HTTP.
SHOWN_ITEMS = 50
# Seconds: between two looks at a run, and until the look that sees what notices left out.
PAUSE = 0.25
SECOND_LOOK = 1.0
# Rows carry the time of the writer's clock before its commit.
OVERLAP = timedelta(seconds=2)


class IngestionConsumer(BaseConsumer):
    """Sends `run` and `item` frames; notices only say where to look, so that none can be lost."""

    async def connect(self) -> None:
        """Let the owner in and show what is going on."""
        user, key = self.scope.get("user"), self.scope.get("api_key")
        if user is None or not user.is_authenticated:
            await self.refuse(401)
        if key is not None and "documents.read" not in key.scopes:
            await self.refuse(403)
        self.user_id: UUID = user.pk
        self.language: str = user.language
        self.grant = self.scope["grant"]
        self.looks: dict[str, asyncio.Task[None]] = {}
        self.noticed: set[str] = set()
        self.said: dict[str, dict[str, bytes]] = {}
        self.since: dict[str, datetime] = {}
        self.opened_at = timezone.now()
        await self.channel_layer.group_add(group_of(self.user_id), self.channel_name)
        frames = await run_in_thread(snapshot, self.user_id)
        await self.accept()
        for frame in frames:
            await self.send_frame(frame)
        self.spawn(self.serve_until_closed(access_by(self.grant)))

    async def refuse(self, status: int) -> None:
        """Answer the handshake with an HTTP status."""
        await deny_handshake(self.base_send, status, scope=self.scope)
        raise StopConsumer

    async def disconnect(self, code: int) -> None:
        """Hear no more notices."""
        if hasattr(self, "looks"):
            await self.channel_layer.group_discard(group_of(self.user_id), self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Answer a ping; anything else is a mistake and said so."""
        if len(text_data or bytes_data or "") > LARGEST_FRAME:
            await self.close(code=1009)
            return
        frame: Any = None
        with suppress(orjson.JSONDecodeError):
            frame = orjson.loads(text_data or bytes_data or b"")
        kind = frame.get("type") if isinstance(frame, dict) else None
        if kind == "ping":
            await self.send_frame({"type": "pong"})
            return
        detail = "This is not a frame this socket knows."
        await self.send_frame({"type": "error", "code": "bad_frame", "detail": detail})

    async def run_changed(self, event: dict[str, str]) -> None:
        """Look at a run now; a look that is under way looks once more."""
        run_id = event["run_id"]
        self.noticed.add(run_id)
        if run_id not in self.looks or self.looks[run_id].done():
            self.looks[run_id] = self.spawn(self.look(run_id))

    async def look(self, run_id: str) -> None:
        """Send a run and its changed items, and once more after a second, until all is quiet.

        A client who reads slowly holds a look up, and notices come meanwhile.
        """
        while run_id in self.noticed:
            for pause in (PAUSE, SECOND_LOOK):
                await asyncio.sleep(pause)
                self.noticed.discard(run_id)
                await self.look_once(run_id)

    async def look_once(self, run_id: str) -> None:
        """Send a run and its items that changed since the last look."""
        since = self.since.get(run_id, self.opened_at) - OVERLAP
        self.since[run_id] = timezone.now()
        with override(self.language):
            frames = await run_in_thread(changes, self.user_id, run_id, since)
        await self.send_news(run_id, frames)

    async def send_news(self, run_id: str, frames: list[dict[str, Any]]) -> None:
        """Send what the look before this one did not say already."""
        said = self.said.get(run_id, {})
        self.said[run_id] = {str(frame["id"]): orjson.dumps(frame) for frame in frames}
        for identifier, frame in self.said[run_id].items():
            if said.get(identifier) != frame:
                await self.send(text_data=frame.decode())

    async def send_frame(self, frame: dict[str, Any]) -> None:
        """Send one frame."""
        await self.send(text_data=orjson.dumps(frame).decode())


def snapshot(user_id: UUID) -> list[dict[str, Any]]:
    """The owner's latest runs, oldest first."""
    own = IngestionRun.objects.filter(owner=user_id).with_totals().newest_first()
    return [run_frame(run) for run in reversed(own[:SHOWN_RUNS])]


def changes(user_id: UUID, run_id: str, since: datetime) -> list[dict[str, Any]]:
    """A run of the owner's and the items that changed since then; nothing for other runs."""
    run = IngestionRun.objects.filter(owner=user_id, pk=run_id).with_totals().first()
    if run is None:
        return []
    items = IngestionItem.objects.filter(run=run, updated_at__gt=since).order_by("-updated_at")
    return [*(item_frame(item) for item in reversed(items[:SHOWN_ITEMS])), run_frame(run)]


def run_frame(run: IngestionRun) -> dict[str, Any]:
    """A run as a frame."""
    return {"type": "run", "run_id": str(run.pk), **RunSerializer(run).data}


def item_frame(item: IngestionItem) -> dict[str, Any]:
    """An item as a frame."""
    return {"type": "item", "run_id": str(item.run_id), **ItemSerializer(item).data}
