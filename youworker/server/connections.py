"""One TCP connection: what is read from it, how much, and for how long."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Any

from twisted.web.http import HTTPChannel

from youworker.core.config import config
from youworker.core.network import in_networks, parsed, trusted_proxies
from youworker.server.answers import path_of, proposed_id, whole_answer
from youworker.server.outflow import Outflow
from youworker.server.plain_pages import page_for

LONGEST_URL = 8192
# Longer than what proxies keep theirs (60 s as a rule), so that they are the ones who close.
KEEP_ALIVE_SECONDS = 75
# So long a refused client may go on sending: a reset would take the answer away from it.
LINGER_SECONDS = 2
LENGTH_DIGITS = 18
# An office behind one address needs many; a single machine must not take all of a process.
MOST_CONNECTIONS = 512


class Connection(HTTPChannel):
    """Reads requests under limits of size and time; a broken one is answered and the last."""

    maxHeaders = 100
    totalHeadersSize = 32_768
    abortTimeout = 5

    refused = False
    deadline: Any = None
    address = ""
    counted = False

    def connectionMade(self) -> None:
        """Begin, unless the address holds too many connections already."""
        self.timeOut = config.api.idle_seconds
        self.outflow = Outflow(self.transport)
        super().connectionMade()
        self.address = str(getattr(self.transport.getPeer(), "host", ""))
        self.counted = True
        if not self.connection_limits().enter(self.address):
            self.refused = True
            self.transport.write(whole_answer(HTTPStatus.TOO_MANY_REQUESTS, None))
            self.loseConnection()

    def connection_limits(self) -> ConnectionLimits:
        """The counts of all connections of this process, and their limit."""
        limits: ConnectionLimits = self.factory.server.connection_limits
        return limits

    def leave(self) -> None:
        """Stop being counted."""
        if self.counted:
            self.counted = False
            self.connection_limits().leave(self.address)

    def connectionLost(self, reason: Any) -> None:
        """Let go of the clocks; nobody is there to be answered."""
        self.refused = True
        self.limit_to(None)
        self.outflow.resume()
        self.leave()
        super().connectionLost(reason)

    def pauseProducing(self) -> None:
        """Hold the application back: the client does not read."""
        super().pauseProducing()
        self.outflow.pause()

    def resumeProducing(self) -> None:
        """Let the application go on."""
        super().resumeProducing()
        self.outflow.resume()

    def limit_to(self, seconds: int | None) -> None:
        """Set the moment at which the connection is given up; None for no such moment."""
        if self.deadline is not None and self.deadline.active():
            self.deadline.cancel()
        self.deadline = self.callLater(seconds, self.timeoutConnection) if seconds else None

    def dataReceived(self, data: bytes) -> None:
        """Take bytes; with the first of a request its clock starts."""
        if self.refused:
            return
        if self.deadline is None and not self._handlingRequest:
            self.setTimeout(config.api.idle_seconds)
            self.limit_to(config.api.idle_seconds)
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        """Take a line of the head; too many bytes, and lines that are continued, are refused."""
        if self.refused:
            return
        if self._receivedHeaderSize + len(line) > self.totalHeadersSize:
            self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif line[:1] in {b" ", b"\t"}:
            # Proxies read them differently (RFC 9112, section 5.2).
            self.refuse(HTTPStatus.BAD_REQUEST)
        else:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        """Answer a line without an end."""
        first = not self._receivedHeaderSize
        status = "REQUEST_URI_TOO_LONG" if first else "REQUEST_HEADER_FIELDS_TOO_LARGE"
        self.refuse(HTTPStatus[status])

    def headerReceived(self, line: bytes) -> bool:
        """Take a header, unless there are too many."""
        if self.refused:
            return False
        if self._receivedHeaderCount >= self.maxHeaders:
            self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return False
        return bool(super().headerReceived(line))

    def _maybeChooseTransferDecoder(self, header: bytes, data: bytes) -> bool:
        """Refuse what Twisted would accept: absurd lengths, and codings other than chunked."""
        absurd = header == b"Content-Length" and len(data) > LENGTH_DIGITS
        strange = header == b"Transfer-Encoding" and data.lower() != b"chunked"
        if absurd or strange:
            return bool(self._failChooseTransferDecoder())
        return bool(super()._maybeChooseTransferDecoder(header, data))

    def allHeadersReceived(self) -> None:
        """Look at the head as a whole; then the clock of the body runs."""
        request = self.requests[-1]
        self.limit_to(config.api.body_seconds)
        if status := self.fault(request.requestHeaders):
            self.refuse(status)
            return
        # daphne would believe it.
        request.requestHeaders.removeHeader(b"Daphne-Root-Path")
        super().allHeadersReceived()

    def fault(self, headers: Any) -> HTTPStatus | None:
        """What is wrong with a head."""
        if len(self._path) > LONGEST_URL:
            return HTTPStatus.REQUEST_URI_TOO_LONG
        modern = self._version == b"HTTP/1.1"
        hosts = headers.getRawHeaders(b"Host") or []
        if len(hosts) > 1 or (modern and not hosts):
            return HTTPStatus.BAD_REQUEST
        if not modern and headers.hasHeader(b"Transfer-Encoding"):
            return HTTPStatus.BAD_REQUEST
        packed = headers.getRawHeaders(b"Content-Encoding") or []
        if any(value.strip().lower() not in {b"", b"identity"} for value in packed):
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        if not all(map(bytes.isascii, headers.getRawHeaders(b"Sec-WebSocket-Protocol") or [])):
            return HTTPStatus.BAD_REQUEST
        return None

    def rawDataReceived(self, data: bytes) -> None:
        """Take a piece of the body."""
        if not self.refused:
            super().rawDataReceived(data)

    def allContentReceived(self) -> None:
        """Hand a complete request over; the answer may take its time."""
        if self.refused:
            return
        self.limit_to(None)
        super().allContentReceived()

    def requestDone(self, request: Any) -> None:
        """Wait for the next request, patiently."""
        self._savedTimeOut = KEEP_ALIVE_SECONDS
        super().requestDone(request)

    def timeoutConnection(self) -> None:
        """Give up; who has begun a request is told."""
        if self.requests and not self.refused:
            self.refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.limit_to(None)
            super().timeoutConnection()

    def _send100Continue(self) -> None:
        """Ask for the body only when it is wanted."""
        if not self.refused:
            super()._send100Continue()

    def _respondToBadRequestAndDisconnect(self) -> None:
        """Answer what cannot be understood."""
        self.refuse(HTTPStatus.BAD_REQUEST)

    def refuse(self, status: int) -> None:
        """Answer with an error and read no more; the application never sees the request."""
        if self.refused:
            return
        self.refused = True
        self.setTimeout(None)
        self.limit_to(None)
        asked = self.requests[-1] if self.requests else None
        proposed = proposed_id(asked) if asked else None
        self._networkProducer.unregisterProducer()
        # Of a first line that cannot be read there is no path.
        path = path_of(getattr(self, "_path", None) or b"")
        page = page_for(asked, status, path) if asked and path else b""
        self.transport.write(whole_answer(status, proposed, path, page))
        self.transport.loseWriteConnection()
        # Someone who sends into a paused connection would not see the end of it.
        self.transport.resumeProducing()
        self.deadline = self.callLater(LINGER_SECONDS, self.transport.abortConnection)


class ConnectionLimits:
    """Counts connections by address; trusted proxies speak for many people and are not limited."""

    def __init__(self) -> None:
        self.held: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """Count a connection; whether there was room for it. Every call needs its `leave`."""
        self.held[address] += 1
        if self.held[address] <= MOST_CONNECTIONS or not address:
            return True
        known = parsed(address)
        return known is not None and in_networks(known, trusted_proxies())

    def leave(self, address: str) -> None:
        """Forget a connection."""
        self.held[address] -= 1
        if self.held[address] <= 0:
            del self.held[address]
