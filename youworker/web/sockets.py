"""WebSocket connections: refused with a real HTTP status, closed with the right code."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from autobahn.websocket.types import ConnectionDeny
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

from youworker.common.correlation import HEADER, accepted
from youworker.web.answers import error_body


class SocketProtocol(WebSocketProtocol):
    """Speaks ASGI's denial response, which daphne does not know."""

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
        body = error_body(code)
        lines = [
            f"HTTP/1.1 {code} {HTTPStatus(code).phrase}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
            f"{HEADER}: {accepted(self.http_headers.get(HEADER.lower()))}",
            *(f"{name}: {value}" for name, value in responseHeaders or ()),
        ]
        self.sendData("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def check_timeouts(self) -> None:
        """Ping, and give up on a handshake that nobody answers."""
        if self.state in {self.STATE_CONNECTING, self.STATE_OPEN}:
            super().check_timeouts()


class SocketFactory(WebSocketFactory):
    """Makes the protocols above."""

    protocol = SocketProtocol

    def setProtocolOptions(self, **options: Any) -> None:
        """Configure every connection; an oversized frame is answered with 1009, not cut off."""
        super().setProtocolOptions(**options, failByDrop=False)
