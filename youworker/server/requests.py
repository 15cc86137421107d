"""HTTP requests: large bodies stay on disk, too large ones are refused while they arrive."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest
from django.conf import settings

from youworker.core.config import config
from youworker.core.network import shown_key
from youworker.server.answers import error_body, error_headers, path_of, proposed_id
from youworker.server.connections import Connection
from youworker.server.headers import missing
from youworker.server.request_lines import REFUSED, report_answer

logger = logging.getLogger(__name__)

CHUNK_BYTES = 65_536
UPLOADS = b"/v1/ingestion/uploads"
RECORDINGS = b"/v1/audio/transcriptions"
# Enough to sign in with; whoever shows no secret at all cannot send more.
ANONYMOUS_BYTES = 65_536

# An API key and a session's key.
Secrets = tuple[str, str]


class Request(WebRequest):
    """One request; its errors have the API's shape, its body has a limit."""

    received = 0
    limit = 0
    complete = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Twisted would read whole forms into memory, and answer broken ones without a word.
        super().__init__(*args, parsePOSTFormSubmission=False, **kwargs)

    def gotLength(self, length: int | None) -> None:
        """Refuse a body that announces more than the limit, or somebody who may not send it."""
        super().gotLength(length)
        self.limit = limit_for(self.channel._path)  # noqa: SLF001 -- not yet known otherwise
        secret = secrets_in(self)
        if not any(secret):
            self.limit = min(self.limit, ANONYMOUS_BYTES)
        if length is not None and length > self.limit:
            self.refuse_size()
        elif any(secret) and (length is None or length > ANONYMOUS_BYTES):
            self.wait_for_admission(secret)

    def wait_for_admission(self, secret: Secrets) -> None:
        """Read nothing more until it is known that the secret belongs to somebody."""
        self.channel.transport.pauseProducing()
        self.admission = asyncio.ensure_future(self.admit(self.channel, secret))

    async def admit(self, channel: Any, secret: Secrets) -> None:
        """Let the body in, or answer 401."""
        status = 401
        try:
            known = await self.server.recognises(*secret)
        except Exception:
            logger.exception("an upload could not be admitted")
            known, status = False, 503
        # A small body may have come with its head; then the application decides.
        if known or self.complete:
            channel.transport.resumeProducing()
        else:
            channel.refuse(status)

    def handleContentChunk(self, data: bytes) -> None:
        """Store a piece of the body, counting what really arrives."""
        self.received += len(data)
        if self.received > self.limit:
            self.refuse_size()
        if self.channel.refused:
            return
        try:
            super().handleContentChunk(data)
        except OSError:
            logger.exception("a body could not be stored")
            self.channel.refuse(507)

    def refuse_size(self) -> None:
        """Hang up; who has signed in may send more."""
        self.channel.refuse(413 if any(secrets_in(self)) else 401)

    def process(self) -> Any:
        """Hand the complete request to the application; a WebSocket leaves this protocol."""
        self.complete, channel = True, self.channel
        outcome = super().process()
        if self.transport is None:
            channel.leave()
            channel.transport.protocol.hold()
        return outcome

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Send a message of the application; what its headers lack is added."""
        if message.get("type") == "http.response.start":
            headers = list(message.get("headers", ()))
            message = {**message, "headers": [*headers, *missing(headers)]}
        super().handle_reply(message)

    def handle_exception(self, exception: Exception) -> None:
        """Tell the client of our mistake; half an answer must not look like a whole one."""
        if not self._response_started:
            super().handle_exception(exception)
        elif self.channel is not None:
            self.channel.transport.abortConnection()

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """Answer an error of the server itself."""
        path = path_of(self.uri)
        headers = error_headers(status, proposed_id(self), path)
        report_answer(self.method.decode("latin-1"), REFUSED, status, 0.0)
        self.handle_reply({"type": "http.response.start", "status": status, "headers": headers})
        self.handle_reply({"type": "http.response.body", "body": error_body(status, path)})


class RequestFactory(HTTPFactory):
    """Makes the connections on which the requests above arrive."""

    protocol = Connection

    def buildProtocol(self, addr: Any) -> Any:
        """A connection whose requests are ours."""
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = Request
        return protocol

    def log(self, request: Any) -> None:
        """Write no line: Twisted would make one for each request, which nobody reads."""


class BodyQueue:
    """What an application receives: the body from its file, piece by piece, then the events.

    daphne would read the whole body into memory first.
    """

    def __init__(self, content: Any) -> None:
        self.content = content
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.finished = self.taken = False

    def put_nowait(self, event: dict[str, Any]) -> None:
        """Add an event; daphne's own pieces of the body are empty here."""
        if event["type"] != "http.request":
            self.events.put_nowait(event)

    def take(self) -> Any:
        """The file itself, for whoever reads it without a copy, and closes it.

        None when it is closed or read.
        """
        if self.finished or self.content.closed or self.content.tell():
            return None
        self.finished = self.taken = True
        return self.content

    async def __call__(self) -> dict[str, Any]:
        """The next piece or event."""
        if self.finished or self.content.closed:
            return await self.events.get()
        chunk = self.content.read(CHUNK_BYTES)
        self.finished = len(chunk) < CHUNK_BYTES
        return {"type": "http.request", "body": chunk, "more_body": not self.finished}


class DiscardedBody:
    """Stands in for a body that somebody else reads."""

    def __init__(self, queue: BodyQueue) -> None:
        self.queue = queue
        self.closed = False

    def seek(self, *_: int) -> None:
        """Do nothing."""

    def read(self, _size: int = -1) -> bytes:
        """Nothing is left."""
        return b""

    def close(self) -> None:
        """Give the file back, unless somebody took it, who may still read it in a thread."""
        self.closed = True
        if not self.queue.taken:
            self.queue.content.close()


def largest_body() -> int:
    """The limit of an upload, with room for the headers of its parts."""
    return max(config.ingestion.max_upload_bytes, config.api.max_body_bytes) + CHUNK_BYTES


def limit_for(target: bytes) -> int:
    """How many bytes a request to an address may have."""
    if is_upload(target):
        return largest_body()
    if target.partition(b"?")[0] == RECORDINGS:
        return max(config.speech.max_bytes, config.api.max_body_bytes) + CHUNK_BYTES
    return config.api.max_body_bytes


def is_upload(target: bytes) -> bool:
    """Whether a request goes where files are received."""
    return target.partition(b"?")[0] == UPLOADS


def secrets_in(request: WebRequest) -> Secrets:
    """The API key and the session cookie of a request, either empty."""
    authorization, x_api_key = (
        request.requestHeaders.getRawHeaders(name, [b""])[-1].decode("latin-1")
        for name in (b"Authorization", b"X-API-Key")
    )
    key = shown_key(authorization, x_api_key) or ""
    cookie = request.received_cookies.get(settings.SESSION_COOKIE_NAME.encode(), b"")
    return key, cookie.decode("latin-1")
