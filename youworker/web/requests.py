"""HTTP requests: large bodies stay on disk, too large ones are refused while they arrive."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest

from youworker.common.config import config
from youworker.common.correlation import HEADER, accepted
from youworker.web.answers import error_body

CHUNK_BYTES = 65_536


class Request(WebRequest):
    """One request; its errors have the API's shape, its body has a limit."""

    received = 0
    refused = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Twisted would read whole forms into memory, and answer broken ones without a word.
        super().__init__(*args, parsePOSTFormSubmission=False, **kwargs)

    def gotLength(self, length: int | None) -> None:
        """Refuse a body that announces more than the limit."""
        super().gotLength(length)
        if length is not None and length > largest_body():
            self.refuse()

    def handleContentChunk(self, data: bytes) -> None:
        """Store a piece of the body, counting what really arrives."""
        self.received += len(data)
        if self.received > largest_body():
            self.refuse()
        if not self.refused:
            super().handleContentChunk(data)

    def refuse(self) -> None:
        """Answer 413 at once and hang up; the request never reaches the application."""
        if self.refused:
            return
        self.refused = True
        body = error_body(413)
        head = (
            "HTTP/1.1 413 Content Too Large\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n"
            f"{HEADER}: {accepted(None)}\r\n\r\n"
        )
        self.channel.transport.write(head.encode() + body)
        self.channel.loseConnection()

    def process(self) -> Any:
        """Hand the complete request to the application."""
        return None if self.refused else super().process()

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """Answer an error of the server itself."""
        headers = [
            (b"Content-Type", b"application/json"),
            (HEADER.encode(), accepted(self.getHeader(HEADER)).encode()),
        ]
        self.handle_reply({"type": "http.response.start", "status": status, "headers": headers})
        self.handle_reply({"type": "http.response.body", "body": error_body(HTTPStatus(status))})


class RequestFactory(HTTPFactory):
    """Makes the requests above."""

    def buildProtocol(self, addr: Any) -> Any:
        """A connection whose requests are ours."""
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = Request
        return protocol


class BodyQueue:
    """What an application receives: the body from its file, piece by piece, then the events.

    daphne would read the whole body into memory first.
    """

    def __init__(self, content: Any) -> None:
        self.content = content
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.finished = False

    def put_nowait(self, event: dict[str, Any]) -> None:
        """Add an event; daphne's own pieces of the body are empty here."""
        if event["type"] != "http.request":
            self.events.put_nowait(event)

    async def get(self) -> dict[str, Any]:
        """The next piece or event."""
        if self.finished or self.content.closed:
            return await self.events.get()
        chunk = self.content.read(CHUNK_BYTES)
        self.finished = len(chunk) < CHUNK_BYTES
        return {"type": "http.request", "body": chunk, "more_body": not self.finished}


class Spent:
    """Stands in for a body that somebody else reads."""

    def __init__(self, content: Any) -> None:
        self.content = content

    @property
    def closed(self) -> bool:
        """Whether the request is over."""
        return bool(self.content.closed)

    def seek(self, *_: int) -> None:
        """Do nothing."""

    def read(self, _size: int = -1) -> bytes:
        """Nothing is left."""
        return b""

    def close(self) -> None:
        """Give the file back."""
        self.content.close()


def largest_body() -> int:
    """The limit of a whole request: an upload, with room for its headers."""
    return max(config.ingestion.max_upload_bytes, config.api.max_body_bytes) + CHUNK_BYTES
