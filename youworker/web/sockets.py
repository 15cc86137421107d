"""WebSocket connections: refused with a real HTTP status, closed with the right code."""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus
from typing import Any

from autobahn.websocket.types import ConnectionDeny
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

from youworker.common.correlation import HEADER
from youworker.web.answers import whole_answer

# People and programs send a few frames a second, even with audio.
FRAMES_PER_SECOND = 500
POLICY_VIOLATION = 1008
# Who is still sending when he is told to stop needs time to notice.
CLOSING_SECONDS = 5
# Frames and bytes that may wait for the application before nothing more is read.
WAITING_FRAMES = 32
WAITING_BYTES = 16 * 1024 * 1024


class SocketQueue(asyncio.Queue[dict[str, Any]]):
    """What an application receives; while much of it waits, nothing is read from the client."""

    def __init__(self, transport: Any) -> None:
        super().__init__()
        self.transport = transport
        self.waiting = 0
        self.held = False

    def put_nowait(self, event: dict[str, Any]) -> None:
        """Add an event."""
        super().put_nowait(event)
        self.waiting += size_of(event)
        if self.qsize() >= WAITING_FRAMES or self.waiting >= WAITING_BYTES:
            self.held = True
            self.transport.pauseProducing()

    async def get(self) -> dict[str, Any]:
        """The next event."""
        event = await super().get()
        self.waiting -= size_of(event)
        if self.held and self.empty():
            self.held = False
            self.transport.resumeProducing()
        return event


class SocketProtocol(WebSocketProtocol):
    """Speaks ASGI's denial response, which daphne does not know, and bears no flood."""

    second = 0
    frames = 0
    flooded = False
    address = ""
    counted = False

    def connectionMade(self) -> None:
        """Count the connection, which the HTTP side has given up."""
        super().connectionMade()
        self.address = str(getattr(self.transport.getPeer(), "host", ""))
        self.counted = True
        self.factory.server_class.callers.enter(self.address)

    def connectionLost(self, reason: Any) -> None:
        """Count it no more."""
        if self.counted:
            self.counted = False
            self.factory.server_class.callers.leave(self.address)
        super().connectionLost(reason)

    def hold(self) -> None:
        """Read nothing while the application decides."""
        if self.state == self.STATE_CONNECTING:
            self.transport.pauseProducing()

    def serverAccept(self, subprotocol: str | None = None) -> None:
        """Let the client in."""
        super().serverAccept(subprotocol)
        self.transport.resumeProducing()

    def onFrameBegin(self) -> None:
        """Count every frame, pings and pieces of messages included."""
        now = int(time.monotonic())
        self.frames = self.frames + 1 if now == self.second else 1
        self.second = now
        if self.frames > FRAMES_PER_SECOND and not self.flooded:
            self.flooded = True
            self.sendClose(code=POLICY_VIOLATION)
        super().onFrameBegin()

    def processData(self) -> bool:
        """Read a frame; after a flood nothing counts any more."""
        if self.flooded:
            self.data = b""
            return False
        return bool(super().processData())

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Pass a message of the application on to the client."""
        if message.get("type") == "websocket.http.response.start":
            self.refuse(message["status"])
        elif message.get("type") != "websocket.http.response.body":
            super().handle_reply(message)

    def refuse(self, status: int) -> None:
        """Fail the handshake with `status`; nothing happens when it is over."""
        handshake = self.__dict__.pop("handshake_deferred", None)
        if handshake is None:
            return
        handshake.errback(
            ConnectionDeny(  # type: ignore[no-untyped-call]
                code=status, reason=HTTPStatus(status).phrase
            )
        )
        self.server.protocol_disconnected(self)

    def serverReject(self) -> None:
        """Refuse without a reason of the application's own."""
        self.refuse(403)

    def handle_exception(self, exception: Exception) -> None:
        """Tell the client of our mistake in the way the state of the connection allows."""
        self.refuse(500)
        if self.state == self.STATE_OPEN:
            self.sendClose(code=1011)

    def sendHttpErrorResponse(
        self, code: int, reason: str, responseHeaders: list[tuple[str, str]] | None = None
    ) -> None:
        """Write the refusal as a complete answer in the shape of the API."""
        self.sendData(whole_answer(code, self.http_headers.get(HEADER.lower())))

    def check_timeouts(self) -> None:
        """Ping, and give up on a handshake that nobody answers."""
        if self.state in {self.STATE_CONNECTING, self.STATE_OPEN}:
            super().check_timeouts()


class SocketFactory(WebSocketFactory):
    """Makes the protocols above."""

    protocol = SocketProtocol

    def setProtocolOptions(self, **options: Any) -> None:
        """Configure every connection; an oversized frame is answered with 1009, not cut off."""
        super().setProtocolOptions(
            **options, failByDrop=False, closeHandshakeTimeout=CLOSING_SECONDS
        )


def size_of(event: dict[str, Any]) -> int:
    """What an event holds of a client's data, in characters or bytes."""
    return len(event.get("text") or event.get("bytes") or "")
