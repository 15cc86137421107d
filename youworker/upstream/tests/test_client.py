"""The client of model servers, against real servers on the loopback interface."""

import asyncio
import gzip
import json
import re
from contextlib import asynccontextmanager

import pytest

from youworker.core import request_context
from youworker.core.per_loop import close_all
from youworker.tests.support.raw_server import listening
from youworker.upstream.body_limits import AnswerPacked, AnswerTooLarge
from youworker.upstream.client import (
    LONGEST_ERROR,
    async_client,
    open_answer,
    read_answer,
    read_answer_in_thread,
    sync_client,
    unreachable,
)
from youworker.upstream.endpoint import Endpoint, Timeouts
from youworker.upstream.errors import TRANSPORT_ERRORS, StatusError

KEY = "secret-key"
bodies: list[bytes] = []


@asynccontextmanager
async def serving(head, *pieces, pause=0.0):
    """A server that answers everything with these bytes; yields its URL and the heads it got.

    What it got as bodies it keeps in `bodies`.
    """
    asked = []
    bodies.clear()

    async def answer(reader, writer):
        asked_head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(asked_head)
        # A connection that is closed with something unread is reset.
        length = re.search(r"content-length: (\d+)", asked_head, re.IGNORECASE)
        bodies.append(await reader.readexactly(int(length[1]) if length else 0))
        writer.write(f"HTTP/1.1 {head}\r\nConnection: close\r\n\r\n".encode())
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    async with listening(answer) as port:
        yield f"http://127.0.0.1:{port}/v1", asked
        await close_all()


def ask_in_thread(endpoint, *, longest=1000):
    with sync_client(endpoint) as client:
        return read_answer_in_thread(client, endpoint, "embeddings", {"input": []}, longest=longest)


async def ask(endpoint, *, longest=1000):
    return await read_answer(endpoint, "chat/completions", {"model": "m"}, longest=longest)


async def ask_blocking(endpoint, *, longest=1000):
    return await asyncio.to_thread(ask_in_thread, endpoint, longest=longest)


BOTH = pytest.mark.parametrize("asking", [ask, ask_blocking])


@pytest.mark.parametrize("number", [7, 2**70, -(2**70)])
async def test_a_body_is_json_whatever_its_numbers(number):
    body = {"seed": number, "text": "Grüße \u2028 \U0001f600", "none": None}
    async with serving("200 OK", b"{}") as (url, asked):
        await read_answer(Endpoint(url, KEY), "chat/completions", body, longest=1000)

    assert json.loads(bodies[0]) == body
    assert "content-type: application/json\r\n" in asked[0].lower()


@BOTH
async def test_an_answer_is_read_whole(asking):
    async with serving("200 OK", b"all ", b"of it") as (url, asked):
        assert await asking(Endpoint(url, KEY)) == b"all of it"

    assert asked[0].startswith("POST /v1/")
    assert f"Authorization: Bearer {KEY}" in asked[0]
    assert "accept-encoding: identity" in asked[0].lower()


@BOTH
async def test_without_a_key_none_is_sent(asking):
    async with serving("200 OK", b"{}") as (url, asked):
        await asking(Endpoint(url))

    assert "authorization" not in asked[0].lower()


@BOTH
async def test_the_environment_names_no_key_of_ours(asking, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "of-somebody-else")
    monkeypatch.setenv("OPENAI_ORG_ID", "of-somebody-else")
    async with serving("200 OK", b"{}") as (url, asked):
        await asking(Endpoint(url))

    assert "of-somebody-else" not in asked[0]


@BOTH
async def test_a_redirect_to_another_server_carries_no_key(asking):
    async with serving("200 OK", b"there") as (other, asked_other):
        moved = f"307 Temporary Redirect\r\nContent-Length: 0\r\nLocation: {other}/x"
        async with serving(moved) as (url, asked):
            assert await asking(Endpoint(url, KEY)) == b"there"

    assert KEY in asked[0]
    assert KEY not in asked_other[0]


@BOTH
async def test_an_answer_without_end_is_not_read(asking):
    async with serving("200 OK", *[b"x" * 1000] * 10_000) as (url, _asked):
        with pytest.raises(AnswerTooLarge):
            await asking(Endpoint(url), longest=5000)


@BOTH
async def test_a_redirect_without_end_is_not_read(asking):
    async with serving("200 OK", b"there") as (other, _):
        moved = f"307 Temporary Redirect\r\nLocation: {other}/x"
        async with serving(moved, *[b"x" * 65_536] * 500) as (url, _asked):
            assert await asking(Endpoint(url)) == b"there"


@BOTH
async def test_a_packed_answer_is_refused(asking):
    packed = gzip.compress(bytes(100_000))
    async with serving("200 OK\r\nContent-Encoding: gzip", packed) as (url, _asked):
        with pytest.raises(AnswerPacked):
            await asking(Endpoint(url))


@BOTH
async def test_an_error_says_its_status_and_its_beginning(asking):
    said = b'{"error": {"message": "busy"}}'
    head = "503 Service Unavailable\r\nRetry-After: 7"
    async with serving(head, said, *[b" " * 65_536] * 100) as (url, _asked):
        with pytest.raises(StatusError) as caught:
            await asking(Endpoint(url))

    assert (caught.value.status, caught.value.retry_after) == (503, 7.0)
    assert caught.value.reason == "busy"
    assert len(said) < LONGEST_ERROR


@BOTH
@pytest.mark.parametrize("url", ["nonsense", "localhost:1/v1", "http://[::1", "http://127.0.0.1:1"])
async def test_nobody_at_the_address(asking, url):
    with pytest.raises(TRANSPORT_ERRORS):
        await asking(Endpoint(url, timeouts=Timeouts(connect=1.0)))
    await close_all()


@BOTH
async def test_the_number_of_what_it_is_for_goes_along(asking):
    async with serving("200 OK", b"{}") as (url, asked):
        token = request_context.current.set("abc-123")
        await asking(Endpoint(url))
        request_context.current.reset(token)

    assert f"{request_context.HEADER}: abc-123".lower() in asked[0].lower()


async def test_a_thread_does_not_wait_for_a_server_that_dribbles():
    async with serving("200 OK", *[b"x"] * 1000, pause=0.02) as (url, _asked):
        endpoint = Endpoint(url, timeouts=Timeouts(total=0.3))
        with pytest.raises(TRANSPORT_ERRORS, match="took too long"):
            await ask_blocking(endpoint, longest=10_000)


async def test_endpoints_share_no_connections():
    one, other = Endpoint("http://a/v1", "ka"), Endpoint("http://a/v1", "kb")

    assert async_client(one) is async_client(Endpoint("http://a/v1", "ka"))
    assert async_client(one) is not async_client(other)
    await close_all()


async def test_closing_ends_an_answer_that_goes_on():
    async with serving("200 OK", *[b"x" * 1000] * 1000, pause=0.01) as (url, _asked):
        response = await open_answer(Endpoint(url), "models", longest=10_000_000)
        await close_all()
        with pytest.raises((*TRANSPORT_ERRORS, RuntimeError)):
            await response.aread()


async def test_a_probe_says_why_there_is_no_list():
    async with serving("401 Unauthorized", b"who?") as (url, asked):
        assert await asyncio.to_thread(unreachable, Endpoint(url, KEY)) == "status 401"
    async with serving("200 OK", b"{}") as (url, _asked):
        assert await asyncio.to_thread(unreachable, Endpoint(url)) == ""

    assert asked[0].startswith("GET /v1/models")
    assert KEY in asked[0]
