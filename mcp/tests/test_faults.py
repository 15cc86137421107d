"""Every fault of a tool server is told to the model, in time, and the next call goes on."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from mcp.calls import CallContext
from mcp.enums import Policy, Transport
from mcp.models import Tool
from mcp.services import call_tool, discover_server, usable_tools
from mcp.tests.factories import ServerFactory, UserFactory
from mcp.tests.http_faults import SERVERS
from mcp.tests.programs.faulty import ORDERS
from mcp.tests.scripts import usual
from youworker.core.db import run_in_thread
from youworker.core.per_loop import close_all
from youworker.tests.support.waiting import wait_until_async

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FAULTY = str(Path(__file__).parent / "programs" / "faulty.py")
LIMIT = 10.0
# For what would use up any limit; a call that is not begun by then is told in the same words.
LIMIT_OF_SILENCE = 4.0
# For what comes to a good end, however busy the machine is.
LIMIT_OF_ANSWERS = 50.0
# A chat goes on within a minute, whatever a tool server does.
LONGEST_SECONDS = 60.0


@pytest.fixture(autouse=True)
def _short_limits(mcp_limits):
    mcp_limits(call_timeout=LIMIT, breaker_failures=50)


@pytest.fixture
def user():
    return UserFactory()


def program(fault, **env):
    """A discovered server that is at fault when it is called."""
    argv = [sys.executable, FAULTY, fault]
    server = ServerFactory(
        slug="faulty", transport=Transport.STDIO, url="", argv=argv, secrets={"env": env}
    )
    discover_server(server)
    server.tools.update(policy=Policy.AUTO)
    return server


async def use(user, *tools, **context):
    """Call tools one after the other, in one event loop; the outcomes and the seconds of each."""
    found = await run_in_thread(usable_tools, user)
    by_name = {tool.name: tool for tool in found}
    outcomes = []
    try:
        for name in tools:
            began = time.monotonic()
            made = CallContext(user.pk, "corr-1", approved=True, **context)
            outcome = await call_tool(by_name[name], {}, context=made)
            outcomes.append((outcome, time.monotonic() - began))
        return outcomes
    finally:
        await close_all()


# The fault; whether the outcome is an error; a part of what the model is told.
PROGRAMS = {
    "dead": (True, "not available"),
    "hanging": (True, "no answer within"),
    "slow": (False, "fine"),
    "huge": (True, "not available"),
    "endless line": (True, "not available"),
    "half": (True, "not available"),
    "junk": (False, "fine"),
    "junk for ever": (True, "no answer within"),
    "notifications": (True, "no answer within"),
    "forks": (True, "not available"),
    "orders": (False, ORDERS),
    "lies": (False, "not what the tool promises: degrees breaks 'type'"),
    "asks us": (False, "fine"),
    "wrong id": (True, "no answer within"),
}
# These never answer, and no limit makes a difference to them.
ENDLESS = {
    *(fault for fault, (_, told) in PROGRAMS.items() if told == "no answer within"),
    *("huge", "endless line", "forks"),
}


@pytest.mark.parametrize("fault", PROGRAMS)
def test_a_faulty_program_lets_the_chat_go_on(user, fault, mcp_limits):
    program(fault)
    is_error, told = PROGRAMS[fault]
    if fault in ENDLESS:
        mcp_limits(call_timeout=LIMIT_OF_SILENCE)
    elif not is_error:
        mcp_limits(call_timeout=LIMIT_OF_ANSWERS)

    # What follows is another server's, and works at once.
    first, second = asyncio.run(use(user, "faulty.echo", "datetime.now"))

    outcome, seconds = first
    assert (outcome.is_error, told in outcome.text) == (is_error, True), outcome.text[:500]
    assert seconds + second[1] < LONGEST_SECONDS
    assert not second[0].structured or not second[0].is_error


def test_a_faulty_program_is_gone_afterwards(user, tmp_path, mcp_limits):
    program("hanging", ASKED=str(tmp_path / "asked"))
    mcp_limits(call_timeout=LIMIT_OF_SILENCE)

    asyncio.run(use(user, "faulty.echo"))

    running = [
        path
        for path in Path("/proc").glob("[0-9]*/environ")
        if os.access(path, os.R_OK) and str(tmp_path).encode() in read(path)
    ]
    assert running == []


def read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_progress_is_told_at_most_twice_a_second(user):
    program("progress")
    told = []

    ((outcome, _),) = asyncio.run(use(user, "faulty.echo", tell_progress=told.append))

    assert outcome.text == "fine"
    assert [(each.done, each.total, each.message) for each in told] == [
        (1.0, 3.0, "step"),
        (2.0, 3.0, "step"),
        (3.0, 3.0, "step"),
    ]


def test_a_flood_of_progress_is_told_a_few_times(user):
    program("notifications")
    told = []

    asyncio.run(use(user, "faulty.echo", tell_progress=told.append))

    assert 1 <= len(told) <= LIMIT / 0.5 + 1


def test_a_program_hears_within_a_second_that_the_call_was_given_up(user, tmp_path):
    asked = tmp_path / "asked"
    program("hanging", ASKED=str(asked))

    async def give_up():
        tool = next(t for t in await run_in_thread(usable_tools, user) if t.server == "faulty")
        context = CallContext(user.pk, "c", approved=True)
        task = asyncio.create_task(call_tool(tool, {}, context=context))
        await wait_until_async(lambda: "tools/call" in read(asked).decode())
        task.cancel()
        began = time.monotonic()
        await asyncio.gather(task, return_exceptions=True)
        await wait_until_async(lambda: "notifications/cancelled" in read(asked).decode())
        assert time.monotonic() - began < 1
        await close_all()

    asyncio.run(give_up())


def test_a_server_at_a_url_hears_it_too(user, http_script):
    server = ServerFactory(slug="faulty", url=http_script.url)
    discover_server(server)
    server.tools.update(policy=Policy.AUTO)

    def answer(request, message):
        if message.get("method") == "tools/call":
            http_script.released.wait(10)
        return usual(request, message)

    http_script.answer = answer

    async def give_up():
        tool = next(t for t in await run_in_thread(usable_tools, user) if t.server == "faulty")
        context = CallContext(user.pk, "c", approved=True)
        task = asyncio.create_task(call_tool(tool, {}, context=context))
        await wait_until_async(lambda: "tools/call" in http_script.asked)
        task.cancel()
        began = time.monotonic()
        await asyncio.gather(task, return_exceptions=True)
        await wait_until_async(lambda: "notifications/cancelled" in http_script.asked)
        assert time.monotonic() - began < 1
        await close_all()

    asyncio.run(give_up())


@pytest.mark.parametrize("fault", SERVERS)
def test_a_faulty_server_at_a_url_lets_the_chat_go_on(user, http_script, fault):
    server = ServerFactory(slug="faulty", url=http_script.url)
    discover_server(server)
    server.tools.update(policy=Policy.AUTO)
    breaks, told = SERVERS[fault]

    def answer(request, message):
        called = message.get("method") == "tools/call"
        return breaks(request, message) if called else usual(request, message)

    http_script.answer = answer

    first, second = asyncio.run(use(user, "faulty.echo", "datetime.now"))

    assert first[0].is_error
    assert told in first[0].text
    assert first[1] + second[1] < LONGEST_SECONDS


def test_a_tool_that_changes_in_mid_run_is_refused(user):
    server = program("orders")
    tool = next(tool for tool in usable_tools(user) if tool.server == "faulty")
    server.refresh_from_db()
    server.argv = [sys.executable, FAULTY, "lies"]
    server.save()
    discover_server(server)

    async def once():
        try:
            return await call_tool(tool, {}, context=CallContext(user.pk, "c", approved=True))
        finally:
            await close_all()

    outcome = asyncio.run(once())

    assert outcome.denied
    assert Tool.objects.get(server=server).needs_approval
