"""What every WebSocket edge shares: refusing, leaving nothing behind, and being closed."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from channels.generic.websocket import AsyncWebsocketConsumer

from youworker.core import tracing
from youworker.core.db import run_in_thread
from youworker.core.effects import PASSING_ERRORS
from youworker.core.realtime.connection_lines import ConnectionLine
from youworker.core.realtime.revocation import CloseReason, Revoked, until_revoked
from youworker.core.request_context import report_denial

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from youworker.core.realtime.revocation import Condition

logger = logging.getLogger(__name__)

CODES = {401: "not_authenticated", 403: "permission_denied"}
PING_SECONDS = 14


async def deny_handshake(send: Any, status: int, *, scope: Mapping[str, Any] | None = None) -> None:
    """Refuse the handshake with an HTTP status (ASGI's `websocket.http.response`).

    With the scope of the connection, a denial is audited.
    """
    if scope is not None and status in CODES:
        await run_in_thread(note_denial, scope, status)
    await send({"type": "websocket.http.response.start", "status": status, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b""})


def note_denial(scope: Mapping[str, Any], status: int) -> None:
    """Audit a refused handshake. A path that leads nowhere is not repeated: anybody chose it."""
    route = "/".join(scope["path"].split("/")[:3]) if "url_route" in scope else "ws"
    code = CODES[status]
    report_denial(scope.get("user"), route=route, method="ws", status=status, code=code)


class BaseConsumer(AsyncWebsocketConsumer):
    """A socket whose tasks end with it, and which is closed when one of them breaks down."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.spawned: set[asyncio.Task[None]] = set()
        self.accepted = self.broken = False
        self.line = line = ConnectionLine(scope, receive, send)
        try:
            await super().__call__(scope, line.receive, line.send)
        except Exception as error:
            # The channel layer gives up with its connection, for one; the client can come back.
            if not self.accepted:
                raise
            await self.break_down(error)
        finally:
            # A refusal, a crash and the end of the server come without `disconnect`.
            self.end_tasks()
            line.report()

    async def websocket_receive(self, message: Any) -> None:
        """Handle one frame."""
        with tracing.span("websocket message", parent=tracing.NONE, **self.line.about):
            await super().websocket_receive(message)

    async def accept(self, *args: Any, **kwargs: Any) -> None:
        """Let the client in."""
        await super().accept(*args, **kwargs)
        self.accepted = True

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something beside the frames, for as long as the socket is open."""
        task = asyncio.create_task(work)
        self.spawned.add(task)
        task.add_done_callback(self.settle)
        return task

    def settle(self, task: asyncio.Task[None]) -> None:
        """Forget a task that has ended; a socket that lost its work would be silent for ever."""
        self.spawned.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception) and not self.broken:
            self.spawn(self.break_down(error))

    async def break_down(self, error: Exception) -> None:
        """Close the socket because of trouble, ours or that of a server we need."""
        self.broken = True
        if isinstance(error, PASSING_ERRORS):
            logger.warning("a socket is closed (%s)", type(error).__name__)
            await self.close_for(CloseReason.TRY_AGAIN)
        else:
            logger.error("a socket broke down", exc_info=error)
            await self.close_for(CloseReason.INTERNAL_ERROR)

    def end_tasks(self) -> None:
        """Cancel everything beside the current task."""
        for task in self.spawned - {asyncio.current_task()}:
            task.cancel()

    async def serve_until_closed(self, *conditions: Condition[Any]) -> None:
        """Show that the socket lives while all conditions hold, and close it then."""
        with until_revoked(*conditions) as revocable:
            try:
                # A ping that waits for a client who reads nothing is broken off, too.
                await revocable.wait_for(self.ping_regularly)
            except Revoked as revoked:
                await self.close_for(revoked.reason)

    async def ping_regularly(self) -> None:
        """Show that the socket lives."""
        while True:
            await asyncio.sleep(PING_SECONDS)
            await self.send(text_data='{"type":"ping"}')

    async def close_for(self, reason: CloseReason) -> None:
        """Close the socket; nothing that goes on may still write to it."""
        self.end_tasks()
        await self.close(code=reason.value)
