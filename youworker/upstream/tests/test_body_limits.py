"""HTTP answers with an end."""

import asyncio
import gzip

import httpx2
import pytest

from youworker.upstream.body_limits import (
    PIECES_AT_ONCE,
    AnswerPacked,
    AnswerTooLarge,
    BoundedStream,
    limit_body,
)


class Pieces(httpx2.AsyncByteStream):
    """A body in memory: none of its pieces waits for anything."""

    def __init__(self, *pieces):
        self.pieces = pieces
        self.closed = False

    async def __aiter__(self):
        for piece in self.pieces:
            yield piece

    async def aclose(self):
        self.closed = True


async def read(stream):
    return [piece async for piece in stream]


async def test_a_body_within_its_limit_is_what_it_was():
    inner = Pieces(b"ab", b"c")
    stream = BoundedStream(inner, 3)

    assert await read(stream) == [b"ab", b"c"]
    await stream.aclose()

    assert inner.closed


async def test_a_body_beyond_its_limit_raises_or_is_cut():
    with pytest.raises(AnswerTooLarge, match="larger than 3 bytes"):
        await read(BoundedStream(Pieces(b"ab", b"cd"), 3))

    assert await read(BoundedStream(Pieces(b"ab", b"cd"), 3, cut=True)) == [b"ab"]


@pytest.mark.parametrize("encoding", ["gzip", "br", "x-gzip, identity", "GZIP"])
def test_a_packed_body_is_refused_before_it_is_read(encoding):
    headers = {"content-encoding": encoding}
    response = httpx2.Response(200, headers=headers, stream=Pieces(gzip.compress(b"a")))

    with pytest.raises(AnswerPacked):
        limit_body(response, 100)


@pytest.mark.parametrize("headers", [{}, {"content-encoding": "identity"}])
async def test_a_body_that_is_not_packed_gets_its_limit(headers):
    response = httpx2.Response(200, headers=headers, stream=Pieces(b"abcd"))
    limit_body(response, 3)

    with pytest.raises(AnswerTooLarge):
        await response.aread()


async def test_others_go_on_between_tiny_pieces(event_loop_turns):
    turns = [
        event_loop_turns()
        async for _ in BoundedStream(Pieces(*[b"x"] * (10 * PIECES_AT_ONCE)), 10_000)
    ]

    assert max(turns.count(turn) for turn in set(turns)) <= PIECES_AT_ONCE


@pytest.fixture
async def event_loop_turns():
    """How often the event loop came round so far."""
    count = 0

    async def tick():
        nonlocal count
        while True:
            await asyncio.sleep(0)
            count += 1

    task = asyncio.create_task(tick())
    yield lambda: count
    task.cancel()
