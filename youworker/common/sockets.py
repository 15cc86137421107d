"""What every WebSocket edge shares: refusing, leaving nothing behind, and being closed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from channels.generic.websocket import AsyncWebsocketConsumer
from redis.exceptions import RedisError

from youworker.common import audit
from youworker.common.db import in_thread

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

CODES = {401: "not_authenticated", 403: "permission_denied"}
ACCESS_ENDED = 4401
GONE = 4404
TRY_AGAIN = 4503
PING_SECONDS = 14


async def deny(send: Any, status: int, *, scope: Mapping[str, Any] | None = None) -> None:
    """Refuse the handshake with an HTTP status (ASGI's `websocket.http.response`).

    With the scope of the connection, a denial is audited.
    """
    if scope is not None and status in CODES:
        await in_thread(note_denial, scope, status)
    await send({"type": "websocket.http.response.start", "status": status, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b""})


def note_denial(scope: Mapping[str, Any], status: int) -> None:
    """Audit a refused handshake. A path that leads nowhere is not repeated: anybody chose it."""
    route = "/".join(scope["path"].split("/")[:3]) if "url_route" in scope else "ws"
    code = CODES[status]
    audit.record_denied(scope.get("user"), route=route, method="ws", status=status, code=code)


class TidyConsumer(AsyncWebsocketConsumer):
    """A socket whose tasks end with it, however it ends."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.spawned: set[asyncio.Task[None]] = set()
        self.accepted = False
        try:
            await super().__call__(scope, receive, send)
        except (RedisError, OSError):
            # The channel layer gives up with its connection; the client can come back.
            if not self.accepted:
                raise
            await send({"type": "websocket.close", "code": TRY_AGAIN})
        finally:
            # A refusal, a crash and the end of the server come without `disconnect`.
            self.end_tasks()

    async def accept(self, *args: Any, **kwargs: Any) -> None:
        """Let the client in."""
        await super().accept(*args, **kwargs)
        self.accepted = True

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something beside the frames, for as long as the socket is open."""
        task = asyncio.create_task(work)
        self.spawned.add(task)
        task.add_done_callback(self.spawned.discard)
        return task

    def end_tasks(self) -> None:
        """Cancel everything beside the current task."""
        for task in self.spawned - {asyncio.current_task()}:
            task.cancel()

    async def attend(self, verdict: Verdict) -> None:
        """Show that the socket lives until there is a verdict, and close it then."""
        while (code := await verdict.within(PING_SECONDS)) is None:
            await self.send(text_data='{"type":"ping"}')
        await self.dismiss(code)

    async def dismiss(self, code: int) -> None:
        """Close the socket; nothing that goes on may still write to it."""
        self.end_tasks()
        await self.close(code=code)


class Verdict:
    """The code a socket is to be closed with, once that is known; the first one counts."""

    def __init__(self) -> None:
        self.known: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def give(self, code: int) -> None:
        """Decide."""
        if not self.known.done():
            self.known.set_result(code)

    async def within(self, seconds: float) -> int | None:
        """The code, or nothing after some seconds."""
        await asyncio.wait({self.known}, timeout=seconds)
        return self.known.result() if self.known.done() else None
