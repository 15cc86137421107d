"""Servers of older protocols, and what they make of a question they do not know."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcp import negotiation
from mcp.descriptions import Endpoint
from mcp.enums import Protocol
from mcp.exceptions import ToolServerUnavailable
from mcp.gateway import call, list_tools
from mcp.tests.scripts import JSON, SSE, Hangup, answered, reply, usual
from youworker.core.per_loop import close_all

PROBE = "server/discover"
HANDSHAKE = Protocol.HANDSHAKE


@pytest.fixture(autouse=True)
async def _closed_links():
    yield
    await close_all()


@pytest.fixture
def program(scripted_argv, tmp_path):
    """Declare a program that behaves as its script says, and read what it was asked."""
    asked = tmp_path / "asked"

    def declare(protocol="", **script):
        argv = (*scripted_argv, json.dumps(script))
        return Endpoint("old", "stdio", argv=argv, env=(("ASKED", str(asked)),), protocol=protocol)

    declare.asked = lambda: Path(asked).read_text().split()
    return declare


def error(code, message, **fields):
    return answered(f'"error": {json.dumps({"code": code, "message": message, **fields})}')


async def say(endpoint):
    outcome = await call(endpoint, "echo", {}, correlation_id="")
    return outcome.text


NO_PROBE = {
    "ends": "exit",
    "knows no such method": error(-32601, "Method not found"),
    "is not initialized": error(-32002, "Server not initialized"),
    "says the number of a closed connection": error(-32000, "Not initialized"),
    "says the number of a time-out": error(-32001, "Unauthorized before initialize"),
    "answers nonsense": answered('"result": 7'),
    "answers nothing": answered('"result": null'),
    "answers words": answered('"result": "what?"'),
    "answers an odd error": answered('"error": "what?"'),
    "answers no JSON": "what?",
    "lists older versions": answered('"result": {"supportedVersions": ["2025-06-18"]}'),
    "refuses the version": error(-32022, "no", data={"supported": ["2025-06-18"]}),
}


@pytest.mark.parametrize("name", NO_PROBE)
async def test_a_program_that_does_not_know_the_newest_protocol_is_used(program, name, monkeypatch):
    monkeypatch.setattr(negotiation, "PROBE_SECONDS", 0.3)
    endpoint = program(**{PROBE: NO_PROBE[name]})

    found = await list_tools(endpoint)

    assert [tool.name for tool in found.tools] == ["echo"]
    assert found.protocol == HANDSHAKE
    assert await say(endpoint) == "fine"


async def test_a_program_that_is_silent_is_asked_once(program, monkeypatch):
    monkeypatch.setattr(negotiation, "PROBE_SECONDS", 0.1)
    found = await list_tools(program(**{PROBE: "silence"}))
    before = program.asked().count(PROBE)
    await close_all()

    known = program(found.protocol, **{PROBE: "silence"})
    assert await say(known) == "fine"

    assert (found.protocol, before) == (HANDSHAKE, 1)
    assert program.asked().count(PROBE) == 1


async def test_a_known_protocol_costs_no_question(program):
    await list_tools(program(HANDSHAKE))

    assert program.asked() == ["initialize", "notifications/initialized", "tools/list"]


async def test_a_program_that_ends_at_every_start_is_unavailable(program):
    with pytest.raises(ToolServerUnavailable):
        await list_tools(program(**{PROBE: "exit", "initialize": "exit"}))

    assert program.asked() == [PROBE, "initialize"]


async def test_a_program_that_speaks_only_the_future_says_so(program):
    future = error(-32022, "Unsupported", data={"supported": ["2031-01-01"]})

    with pytest.raises(ToolServerUnavailable, match="Unsupported"):
        await list_tools(program(**{PROBE: future, "initialize": future}))


HELLOS = {
    "an unknown version": {"protocolVersion": "2099-01-01"},
    "a draft": {"protocolVersion": "DRAFT-2025-v2"},
    "no version": {},
    "no name": {"protocolVersion": "2024-11-05", "capabilities": {"tools": {}}},
    "an odd name": {"protocolVersion": "2024-11-05", "serverInfo": "me"},
    "odd capabilities": {"protocolVersion": "2024-11-05", "capabilities": {"tools": True}},
    "odd icons": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "serverInfo": {"name": "x", "version": 1, "icons": "x"},
    },
}


@pytest.mark.parametrize("name", HELLOS)
async def test_an_odd_introduction_is_no_reason_to_leave(program, name):
    hello = answered(f'"result": {json.dumps(HELLOS[name])}')

    assert await say(program(initialize=hello)) == "fine"


@pytest.mark.parametrize(
    "refusal",
    [
        error(-32602, "Unsupported protocol version", data={"supported": ["2024-11-05"]}),
        error(-32602, "Unsupported protocol version: 2025-11-25"),
        error(-32000, "Protocol version mismatch"),
    ],
)
async def test_a_server_that_refuses_our_version_is_offered_an_older_one(program, refusal):
    hello = answered('"result": {"protocolVersion": "2024-11-05", "capabilities": {}}')

    assert await say(program(initialize=[refusal, hello])) == "fine"
    assert program.asked().count("initialize") == 2


@pytest.mark.parametrize("known", ["", HANDSHAKE, Protocol.MODERN])
async def test_a_program_that_was_replaced_by_an_older_one_is_asked_again(program, known):
    endpoint = program(known, stranger=error(-32600, "initialize first"))

    assert (await list_tools(endpoint)).protocol == HANDSHAKE
    await close_all()
    assert await say(endpoint) == "fine"


def probe_is(action):
    """A server over HTTP that does this when it is asked for the newest protocol."""

    def answer(request, message):
        if message.get("method") == PROBE:
            return action(request, message)
        return usual(request, message)

    return answer


def hang_up(*_):
    raise Hangup


OLD_HTTP = {
    "closes the connection": hang_up,
    "400": lambda *_: (400, {}, b"Bad Request"),
    "404": lambda *_: (404, {}, b"Not Found"),
    "405": lambda *_: (405, {}, b""),
    "406": lambda *_: (406, JSON, b'{"error": "Not Acceptable"}'),
    "415": lambda *_: (415, {}, b""),
    "500": lambda *_: (500, {}, b"Internal Server Error"),
    "502": lambda *_: (502, {"Content-Type": "text/html"}, b"<h1>Bad Gateway</h1>"),
    "400 without a session": lambda _, message: (
        400,
        JSON,
        reply(message, error={"code": -32000, "message": "Bad Request: No valid session ID"}),
    ),
    "400 without an id": lambda *_: (
        400,
        JSON,
        b'{"jsonrpc": "2.0", "id": null, "error": {"code": -32000, "message": "No session"}}',
    ),
    "202": lambda *_: (202, {}, b""),
    "a page": lambda *_: (200, {"Content-Type": "text/html"}, b"<html>"),
    "nothing": lambda *_: (200, JSON, b""),
    "an empty stream": lambda *_: (200, SSE, b""),
}


@pytest.mark.parametrize("name", OLD_HTTP)
async def test_a_server_over_http_that_does_not_know_the_newest_protocol_is_used(http_script, name):
    http_script.answer = probe_is(OLD_HTTP[name])
    endpoint = Endpoint("old", "http", url=http_script.url)

    found = await list_tools(endpoint)

    assert ([tool.name for tool in found.tools], found.protocol) == (["echo"], HANDSHAKE)
    assert await say(Endpoint("old", "http", url=http_script.url, protocol=HANDSHAKE)) == "fine"


async def test_a_server_over_http_that_is_silent_is_asked_once(http_script, monkeypatch):
    monkeypatch.setattr(negotiation, "PROBE_SECONDS", 0.2)

    def hang(*_):
        http_script.released.wait(20)
        raise Hangup

    http_script.answer = probe_is(hang)

    found = await list_tools(Endpoint("old", "http", url=http_script.url))
    known = Endpoint("old", "http", url=http_script.url, protocol=found.protocol)
    assert await say(known) == "fine"

    assert http_script.asked.count(PROBE) == 1


async def test_the_first_transport_over_server_sent_events_is_found(sse_url):
    found = await list_tools(Endpoint("old", "http", url=sse_url))
    known = Endpoint("old", "http", url=sse_url, protocol=found.protocol)

    outcome = await call(known, "echo", {"text": "still there"}, correlation_id="abc-2")

    assert found.protocol == Protocol.SSE
    assert "echo" in [tool.name for tool in found.tools]
    assert outcome.text == "still there"


@pytest.mark.parametrize("status", [401, 403, 404, 405, 503])
async def test_a_server_that_is_none_is_unavailable_and_asked_few_times(http_script, status):
    http_script.answer = lambda *_: (status, {}, b"no")

    with pytest.raises(ToolServerUnavailable):
        await list_tools(Endpoint("none", "http", url=http_script.url))

    assert len(http_script.asked) <= 5


@pytest.mark.parametrize("known", ["", HANDSHAKE, Protocol.MODERN, Protocol.SSE])
async def test_a_server_that_changed_its_protocol_is_found_again(http_script, known):
    def answer(request, message):
        if "Mcp-Method" in request.headers:
            return 400, JSON, reply(message, error={"code": -32600, "message": "what?"})
        return usual(request, message)

    http_script.answer = answer
    endpoint = Endpoint("old", "http", url=http_script.url, protocol=known)

    assert await say(endpoint) == "fine"
    assert (await list_tools(endpoint)).protocol == HANDSHAKE


@pytest.mark.parametrize(
    "refusal",
    [
        lambda _: (404, {}, b""),
        lambda message: (
            404,
            JSON,
            reply(message, error={"code": -32001, "message": "Session not found"}),
        ),
        lambda message: (
            400,
            JSON,
            reply(message, error={"code": -32000, "message": "No valid session ID provided"}),
        ),
    ],
)
async def test_a_session_that_is_over_is_begun_again_once(http_script, refusal):
    refused = []

    def answer(request, message):
        status, headers, body = usual(request, message)
        if message.get("method") == "initialize":
            headers = {**headers, "Mcp-Session-Id": f"s{len(http_script.asked)}"}
        if message.get("method") == "tools/call" and len(refused) < limit:
            refused.append(message)
            return refusal(message)
        return status, headers, body

    http_script.answer = answer
    endpoint = Endpoint("old", "http", url=http_script.url, protocol=HANDSHAKE)

    limit = 1
    assert await say(endpoint) == "fine"
    limit = 10
    outcome = await call(endpoint, "echo", {}, correlation_id="")

    assert outcome.is_error
    assert len(refused) == 3
