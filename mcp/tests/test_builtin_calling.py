"""Calls of built-in tools, which run in the task of whoever calls."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from mcp.builtin import calling
from mcp.builtin.declare import Answer, BuiltinServer, tool_of
from mcp.calls import CallContext, current_call_context, use_call_context
from mcp.descriptions import Endpoint
from mcp.exceptions import ToolServerUnavailable
from youworker.core.exceptions import InvalidInput

HERE = Endpoint("odd", "inprocess")
NOBODY = UUID(int=0)
begun: ContextVar[asyncio.Event | None] = ContextVar("begun", default=None)


async def refuse() -> Answer:
    """Refuse."""
    raise InvalidInput("No such place.")


async def crash() -> Answer:
    """Crash."""
    raise RuntimeError("the password is s3cret")


async def wait() -> Answer:
    """Wait for ever."""
    if event := begun.get():
        event.set()
    await asyncio.Event().wait()
    return Answer("never")


async def swallow() -> Answer:
    """Make something else of being cancelled."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError as error:
        raise RuntimeError("closed") from error
    return Answer("never")


async def wait_for_others() -> Answer:
    """Wait for what somebody else gives up."""
    work = asyncio.create_task(asyncio.Event().wait())
    asyncio.get_running_loop().call_soon(work.cancel)
    await work
    return Answer("never")


async def say_oddities() -> Answer:
    """Answer with what cannot be stored or sent as it is."""
    data: dict[Any, Any] = {
        "text\0": "half \ud800",
        "number": float("nan"),
        "huge": 10**30,
        "id": NOBODY,
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        7: ("a", {"b": None}),
    }
    return Answer("nul \0 and half \ud800", data)


async def say_much() -> Answer:
    """Answer with more than the limit."""
    return Answer("é" * 1000, {"text": "é" * 1000})


async def whose() -> Answer:
    """Tell on whose behalf."""
    return Answer(str(current_call_context().user_id))


@pytest.fixture(autouse=True)
def odd(monkeypatch):
    """A server with these tools."""
    functions = (refuse, crash, wait, swallow, wait_for_others, say_oddities, say_much, whose)
    server = BuiltinServer("odd", [tool_of(function) for function in functions])
    monkeypatch.setattr(calling, "build", lambda _slug: server)


async def called(tool, **arguments):
    return await calling.call(HERE, tool, arguments, correlation_id="c")


async def test_a_refusal_is_told_and_a_crash_is_logged_only(caplog):
    refused, crashed, unknown = await called("refuse"), await called("crash"), await called("no")

    assert [refused.text, crashed.text, unknown.text] == [
        "Error executing tool refuse: No such place.",
        "Error executing tool crash",
        "Unknown tool: no",
    ]
    assert all(outcome.is_error for outcome in (refused, crashed, unknown))
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [RuntimeError]


@pytest.mark.parametrize("tool", ["wait", "swallow"])
async def test_what_does_not_end_is_unavailable(tool, mcp_limits):
    mcp_limits(call_timeout=0.05)

    with pytest.raises(ToolServerUnavailable, match=r"no answer within 0\.05 s"):
        await called(tool)


async def test_whoever_is_cancelled_cancels_the_tool():
    event = asyncio.Event()
    begun.set(event)
    task = asyncio.create_task(called("wait"))
    await event.wait()

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_tool_whose_work_was_given_up_by_others_fails_and_does_not_end_its_run():
    outcome = await called("wait_for_others")

    assert (outcome.is_error, outcome.text) == (True, "Error executing tool wait_for_others")
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_an_answer_that_cannot_be_stored_is_mended():
    outcome = await called("say_oddities")

    assert outcome.text == "nul  and half ?"
    assert outcome.structured == {
        "text": "half ?",
        "number": "nan",
        "huge": "[a number of 100 bits]",
        "id": str(NOBODY),
        "at": "2026-01-01 00:00:00+00:00",
        "7": ["a", {"b": None}],
    }


async def test_an_answer_beyond_the_limit_is_cut_and_its_data_left_out(mcp_limits):
    mcp_limits(result_bytes=1025)

    outcome = await called("say_much")

    assert outcome.text == "é" * 512 + "\n[The result was cut: 1025 of 2000 bytes are shown.]"
    assert outcome.structured is None


async def test_calls_at_once_know_on_whose_behalf_each_is():
    async def of(number):
        with use_call_context(CallContext(UUID(int=number), "c")):
            return (await called("whose")).text

    assert await asyncio.gather(*map(of, range(5))) == [str(UUID(int=n)) for n in range(5)]
    assert "signed-in user" in (await called("whose")).text
