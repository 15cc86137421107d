"""Frames that nobody sends by mistake: each is answered, and the socket stays open."""

from __future__ import annotations

import orjson
import pytest

from chat.tests.factories import RunFactory, SessionFactory
from chat.tests.test_consumers import connected, heard, say
from youworker.core.db import run_in_thread

pytestmark = pytest.mark.django_db(transaction=True)

# As they stand in a frame: not each of them is JSON.
VALUES = [
    *(r'"\u0000"', r'"\ud800"', '""', '"x"', "1e999999", "-1e999999", "NaN"),
    *("18446744073709551615", "-9223372036854775809", "9" * 5000, "-1", "1.5"),
    *("true", "null", "[]", "{}", "[[null]]"),
    *(r'{"\ud800": 1}', "[" * 2000 + "]" * 2000, '"' + "x" * 100_000 + '"', '"\x01"', '"%00"'),
    *('"00000000-0000-0000-0000-000000000000"', '{"data": "====", "format": "\\u0000"}', ""),
]  # fmt: skip
FIELDS = [
    *(("text", name) for name in ("parent_id", "attachments", "model", "audio", "expect_audio")),
    *(("audio", name) for name in ("audio", "text", "parent_id")),
    *(("text", "idempotency_key"), ("stop", "run_id"), ("approve", "tool_run_id")),
    *(("approve", "decision"), ("resume", "run_id"), ("resume", "after"), ("ping", "any")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), FIELDS)
async def test_no_value_in_a_frame_closes_the_socket(kind, name):
    session = await run_in_thread(SessionFactory)
    run = await run_in_thread(RunFactory, session=session)
    socket, _ = await connected(session)
    usual = {"type": kind, "run_id": str(run.pk), "tool_run_id": str(run.pk), "decision": "deny"}
    start = orjson.dumps({field: usual[field] for field in usual if field != name}).decode()[:-1]

    for value in VALUES:
        await socket.send_to(text_data=f'{start}, "{name}": {value}}}')
        await say(socket, type="ping")
        assert (await heard(socket, until="pong"))[-1] == {"type": "pong"}

    await socket.disconnect()


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"null", b"1", b'"ping"', b"[" * 100_000, b"\0"])
async def test_bytes_that_are_no_frame_are_answered(raw):
    session = await run_in_thread(SessionFactory)
    socket, _ = await connected(session)

    await socket.send_to(bytes_data=raw)
    await say(socket, type="ping")
    frames = await heard(socket, until="pong")

    assert [frame["type"] for frame in frames] == ["system", "error", "pong"]
    await socket.disconnect()
