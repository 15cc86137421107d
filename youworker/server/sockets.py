"""WebSocket connections: refused with a real HTTP status, closed with the right code."""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus
from typing import Any

from autobahn.websocket.types import ConnectionDeny
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

from youworker.core.request_context import HEADER
from youworker.server.answers import whole_answer
from youworker.server.outflow import Outflow

# People and programs send a few frames a second, even with audio.
FRAMES_PER_SECOND = 500
POLICY_VIOLATION = 1008
# Going away, policy violation, message too big, internal error.
PROTOCOL_CODES = {1001, POLICY_VIOLATION, 1009, 1011}
# Who is still sending when they are told to stop needs time to notice.
CLOSING_SECONDS = 5
# So long the last bytes may wait for a client who has said goodbye.
FAREWELL_SECONDS = 5
# With the second that passes until it is noticed, access ends for everybody within two.
HURRIED_CLOSING_SECONDS = 0.8
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
        self.outflow = Outflow(self.transport)
        # Until now the HTTP side was told when the client does not read.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, streaming=True)
        self.address = str(getattr(self.transport.getPeer(), "host", ""))
        self.counted = True
        self.factory.server_class.connection_limits.enter(self.address)

    def connectionLost(self, reason: Any) -> None:
        """Count it no more."""
        if self.counted:
            self.counted = False
            self.factory.server_class.connection_limits.leave(self.address)
        self.outflow.resume()
        super().connectionLost(reason)

    def pauseProducing(self) -> None:
        """Hold the application back: the client does not read."""
        self.outflow.pause()

    def resumeProducing(self) -> None:
        """Let the application go on."""
        self.outflow.resume()

    def stopProducing(self) -> None:
        """Do nothing: the loss of the connection is told in another way."""

    async def wait_for_reader(self, message: dict[str, Any]) -> None:
        """Return when the client has read what it was sent; the end of the socket does not wait.

        Before each frame, not after: an application that gives up waiting has sent nothing.
        """
        if message["type"] == "websocket.send":
            while self.state == self.STATE_OPEN and not self.outflow.free.is_set():
                await self.outflow.free.wait()

    def onPing(self, payload: bytes) -> None:
        """Answer, unless answers pile up already."""
        if self.outflow.free.is_set():
            super().onPing(payload)

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

    def sendClose(self, code: int | None = None, reason: str | None = None) -> None:
        """Close with any code; the library keeps those of the protocol to itself and raises."""
        if code in PROTOCOL_CODES:
            self.sendCloseFrame(code=code, isReply=False)
        else:
            super().sendClose(code, reason)

    def sendCloseFrame(self, *args: Any, **options: Any) -> None:
        """Begin to close; a client who does not read gets little time for it."""
        if not self.outflow.free.is_set():
            self.closeHandshakeTimeout = HURRIED_CLOSING_SECONDS
        super().sendCloseFrame(*args, **options)
        # Nothing is sent any more, so nobody has to wait.
        self.outflow.free.set()

    def dropConnection(self, *, abort: bool = False) -> None:
        """End the connection, also when its last bytes are never read."""
        super().dropConnection(abort=abort)
        if not abort and self.counted:
            self.outflow.abort_after(FAREWELL_SECONDS)

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
