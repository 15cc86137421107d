"""One line for each WebSocket that ended: its route, who was there, how long, how much, and why.

As of requests, the pattern is told and the ids in it, never the path; nothing of the frames.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    Message = MutableMapping[str, Any]

logger = logging.getLogger("youworker.sockets")

# Nobody said goodbye (RFC 6455, 7.1.5).
ABNORMAL = 1006


class ConnectionLine:
    """Counts the frames of one connection, and notes how it ends."""

    def __init__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        self.inner_receive, self.inner_send = receive, send
        self.began = time.perf_counter()
        self.frames_in = self.frames_out = 0
        # The status of a refusal, and the code of whoever closed first.
        self.status: int | None = None
        self.code: int | None = None
        self.about: dict[str, Any] = {"route": route_of(scope), **ids_of(scope)}

    async def receive(self) -> Message:
        """What the client does next."""
        message: Message = await self.inner_receive()
        if message["type"] == "websocket.receive":
            self.frames_in += 1
        elif message["type"] == "websocket.disconnect" and self.code is None:
            self.code = message.get("code") or ABNORMAL
        return message

    async def send(self, message: Message) -> None:
        """Pass on what the application does."""
        if message["type"] == "websocket.http.response.start":
            self.status = message["status"]
        elif message["type"] == "websocket.close" and self.code is None:
            self.code = message.get("code") or 1000
        await self.inner_send(message)
        if message["type"] == "websocket.send":
            self.frames_out += 1

    def report(self) -> None:
        """Log the connection, which is over."""
        about = dict(self.about)
        if self.status is None:
            about["code"] = self.code or ABNORMAL
            about |= {"frames_in": self.frames_in, "frames_out": self.frames_out}
        else:
            about["status"] = self.status
        milliseconds = round((time.perf_counter() - self.began) * 1000, 1)
        logger.info("socket", extra={**about, "duration_ms": milliseconds})


def route_of(scope: Mapping[str, Any]) -> str:
    """The pattern that the path fits."""
    path = str(scope["path"]).lstrip("/")
    for name, value in arguments_of(scope).items():
        path = path.replace(str(value), f"<{name}>")
    return path


def ids_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """The ids in the path, and that of the user."""
    found = arguments_of(scope)
    ids = {name: str(value) for name, value in found.items() if isinstance(value, UUID | int)}
    user: Any = scope.get("user")
    key = getattr(user, "pk", None)
    return ids if key is None else {**ids, "user_id": str(key)}


def arguments_of(scope: Mapping[str, Any]) -> Mapping[str, Any]:
    """What stands in the path for the names of its pattern."""
    found: Mapping[str, Any] = scope.get("url_route", {}).get("kwargs", {})
    return found
