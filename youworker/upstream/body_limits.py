"""HTTP answers that do not end, or that would unpack to more than was received."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx2
from django.utils.translation import gettext_noop

from youworker.core.words import Sentence

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

# A read of 64 KiB may hold ten thousand pieces, and none of them waits for the network.
PIECES_AT_ONCE = 128
# Answers without any of this are as large as what comes over the wire.
NOT_PACKED = {"", "identity"}
LARGER = gettext_noop("The answer is larger than %(most)s bytes.")


class AnswerTooLarge(httpx2.TransportError):
    """A server sent more bytes than anybody would read."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence.in_english())
        self.sentence = sentence


class AnswerPacked(AnswerTooLarge):
    """A server packed its answer, although it was asked not to."""


class BoundedStream(httpx2.AsyncByteStream):
    """A response body that counts what comes in; `cut` ends it silently where it is too long."""

    def __init__(self, inner: httpx2.AsyncByteStream, limit: int, *, cut: bool = False) -> None:
        self.inner, self.limit, self.cut = inner, limit, cut

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = pieces = 0
        async for chunk in self.inner:
            seen += len(chunk)
            if seen > self.limit:
                if self.cut:
                    return
                raise too_large(self.limit)
            yield chunk
            pieces += 1
            if pieces % PIECES_AT_ONCE == 0:
                await asyncio.sleep(0)

    async def aclose(self) -> None:
        await self.inner.aclose()


class BoundedSyncStream(httpx2.SyncByteStream):
    """The same for threads."""

    def __init__(self, inner: httpx2.SyncByteStream, limit: int, *, cut: bool = False) -> None:
        self.inner, self.limit, self.cut = inner, limit, cut

    def __iter__(self) -> Iterator[bytes]:
        seen = 0
        for chunk in self.inner:
            seen += len(chunk)
            if seen > self.limit:
                if self.cut:
                    return
                raise too_large(self.limit)
            yield chunk

    def close(self) -> None:
        self.inner.close()


def too_large(limit: int) -> AnswerTooLarge:
    """The refusal to read more."""
    return AnswerTooLarge(Sentence(LARGER, {"most": limit}))


def limit_body(response: httpx2.Response, limit: int, *, cut: bool = False) -> None:
    """Put a limit, in bytes, on a body not yet read; raises `AnswerPacked` for a packed one."""
    refuse_packed(response)
    stream = response.stream
    if isinstance(stream, httpx2.AsyncByteStream):
        response.stream = BoundedStream(stream, limit, cut=cut)
    else:
        response.stream = BoundedSyncStream(stream, limit, cut=cut)


def refuse_packed(response: httpx2.Response) -> None:
    """Raise for a body that may unpack to a thousand times of what is counted."""
    if response.headers.get("content-encoding", "").strip().lower() not in NOT_PACKED:
        raise AnswerPacked(Sentence("The answer is packed, although it was asked not to be."))
