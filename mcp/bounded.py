"""An HTTP transport that stops reading answers that do not end."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import httpx2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class AnswerTooLarge(httpx2.TransportError):
    """A tool server sent more bytes than anybody would read."""


class BoundedStream(httpx2.AsyncByteStream):
    """A response body that counts what comes in."""

    def __init__(self, inner: httpx2.AsyncByteStream, limit: int) -> None:
        self.inner, self.limit = inner, limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self.inner:
            seen += len(chunk)
            if seen > self.limit:
                raise AnswerTooLarge(f"The answer is larger than {self.limit} bytes.")
            yield chunk

    async def aclose(self) -> None:
        await self.inner.aclose()


class BoundedTransport(httpx2.AsyncHTTPTransport):
    """Ordinary HTTP with a limit on each body, in bytes as they come over the wire."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        # A compressed answer may be a thousand times larger than what is counted here.
        request.headers["Accept-Encoding"] = "identity"
        response = await super().handle_async_request(request)
        stream = cast("httpx2.AsyncByteStream", response.stream)
        response.stream = BoundedStream(stream, self.limit)
        return response
