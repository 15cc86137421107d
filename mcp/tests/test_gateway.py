"""Round trips through the official SDK over every transport."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx2
import orjson
import pytest

import mcp
from mcp import gateway
from mcp.calls import ToolOutcome
from mcp.connection_pool import connections
from mcp.descriptions import Endpoint
from mcp.exceptions import ToolServerUnavailable
from mcp.gateway import call, list_tools, unavailable
from mcp.listings import MOST_TOOLS
from mcp.progress import Progress, ProgressTeller
from mcp.secrecy import keys_of
from mcp.tests.scripts import answered
from youworker.core.config import BASE_DIR
from youworker.core.per_loop import close_all
from youworker.core.storable import storable_json, storable_text


@pytest.fixture(autouse=True)
async def _closed_links():
    yield
    await close_all()


@pytest.fixture
def stdio(tiny_argv):
    return Endpoint("tiny", "stdio", argv=tiny_argv, env=(("SPECIAL", "yes"),))


@pytest.fixture
def sdk(sdk_argv):
    return Endpoint("tiny", "stdio", argv=sdk_argv)


@pytest.fixture
def http(tiny_url):
    return Endpoint("tiny", "http", url=tiny_url, headers=(("Authorization", "Bearer s3"),))


@pytest.fixture
def paged(paged_argv):
    return Endpoint("paged", "stdio", argv=paged_argv)


async def say(endpoint, tool, **arguments):
    return await call(endpoint, tool, arguments, correlation_id="abc-1")


def test_app_and_sdk_share_the_name_mcp():
    ours = importlib.import_module("mcp.models")
    theirs = importlib.import_module("mcp.client.client")

    assert Path(str(ours.__file__)).parent == Path(str(mcp.__file__)).parent
    assert Path(str(theirs.__file__)).parent.parent != Path(str(mcp.__file__)).parent
    taken = {"cli", "client", "os", "server", "shared", "types"}
    assert not taken & {path.stem for path in Path(str(mcp.__file__)).parent.iterdir()}


async def test_discovery_walks_all_pages(paged):
    assert [tool.name for tool in (await list_tools(paged)).tools] == ["one", "two", "three"]


@pytest.mark.parametrize("kind", ["stdio", "sdk", "http"])
async def test_round_trip(kind, request):
    endpoint = request.getfixturevalue(kind)

    found = {tool.name: tool for tool in (await list_tools(endpoint)).tools}
    outcome = await say(endpoint, "echo", text="perché no")

    assert outcome.text == "perché no"
    assert found["echo"].description == "Say it again."
    assert (found["echo"].reads_only, found["echo"].stays_inside) == (True, True)
    assert (found["add"].reads_only, found["add"].stays_inside) == (False, False)
    assert found["add"].input_schema["required"] == ["a", "b"]


@pytest.mark.parametrize("kind", ["stdio", "http"])
async def test_structured_answers_come_as_data(kind, request):
    outcome = await say(request.getfixturevalue(kind), "add", a=2, b=3)

    assert outcome.structured == {"sum": 5}


@pytest.mark.parametrize("kind", ["stdio", "http"])
async def test_an_error_answer_is_an_outcome(kind, request):
    outcome = await say(request.getfixturevalue(kind), "broken")

    assert outcome.is_error
    assert "The paper tray is empty." in outcome.text


@pytest.mark.parametrize("kind", ["stdio", "http"])
async def test_wrong_arguments_and_unknown_tools_are_outcomes(kind, request):
    endpoint = request.getfixturevalue(kind)

    wrong = await say(endpoint, "add", a="x")
    unknown = await say(endpoint, "nothing")

    assert wrong.is_error
    assert unknown.is_error


@pytest.mark.parametrize("kind", ["stdio", "http"])
async def test_a_slow_call_is_given_up(kind, request, mcp_limits):
    endpoint = request.getfixturevalue(kind)
    await say(endpoint, "echo", text="warm")
    mcp_limits(call_timeout=0.6)
    with pytest.raises(ToolServerUnavailable, match=r"no answer within 0\.6 s"):
        await say(endpoint, "slow", seconds=20)
    mcp_limits(call_timeout=20)

    assert (await say(endpoint, "echo", text="still here")).text == "still here"


@pytest.mark.parametrize("kind", ["stdio", "http"])
async def test_a_huge_result_is_cut_at_a_whole_character(kind, request, mcp_limits):
    mcp_limits(result_bytes=1025)

    outcome = await say(request.getfixturevalue(kind), "huge", size=2000)

    shown, _, note = outcome.text.rpartition("\n")
    assert shown == "é" * 512
    assert note == "[The result was cut: 1025 of 4000 bytes are shown.]"
    assert outcome.structured is None


async def test_an_endless_http_answer_is_not_read_to_its_end(http, mcp_limits, monkeypatch):
    monkeypatch.setattr("mcp.transports.LARGEST_BODY", 20_000)
    mcp_limits(result_bytes=1024)

    outcome = await say(http, "huge", size=100_000)

    assert outcome.text == "The answer is larger than 20000 bytes."
    assert outcome.is_error


async def test_pictures_are_named(stdio):
    assert (await say(stdio, "picture")).text == "Look:\n[image image/png]"


async def test_a_program_gets_a_neutral_place(stdio, monkeypatch, settings):
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("SECRET_KEY", "ours")

    seen = (await say(stdio, "surroundings")).structured

    assert {"PYTHONPATH", "SECRET_KEY", "DATABASE_URL"}.isdisjoint(seen["env"])
    assert seen["env"]["SPECIAL"] == "yes"
    assert seen["cwd"] == str((settings.DATA_DIR / "mcp" / "tiny").resolve())


async def test_a_program_is_started_once_and_again_after_it_died(stdio):
    first = (await say(stdio, "surroundings")).structured["pid"]
    second = (await say(stdio, "surroundings")).structured["pid"]

    with pytest.raises(ToolServerUnavailable):
        await say(stdio, "die")
    third = (await say(stdio, "surroundings")).structured["pid"]

    assert first == second != third


@pytest.mark.slow
async def test_a_program_that_hangs_is_started_anew(stdio, mcp_limits):
    first = (await say(stdio, "surroundings")).structured["pid"]
    mcp_limits(call_timeout=0.5)
    with pytest.raises(ToolServerUnavailable):
        await say(stdio, "slow", seconds=20)
    mcp_limits(call_timeout=20)

    assert (await say(stdio, "surroundings")).structured["pid"] != first


async def test_a_slow_call_does_not_end_those_of_others(stdio, mcp_limits):
    first = (await say(stdio, "surroundings")).structured["pid"]
    other = asyncio.create_task(say(stdio, "slow", seconds=1))
    await asyncio.sleep(0.1)
    mcp_limits(call_timeout=0.3)
    with pytest.raises(ToolServerUnavailable):
        await say(stdio, "slow", seconds=20)
    mcp_limits(call_timeout=20)

    assert (await other).text == "done"
    assert (await say(stdio, "surroundings")).structured["pid"] == first


@pytest.mark.slow
async def test_an_idle_program_is_stopped(stdio, monkeypatch):
    monkeypatch.setattr("mcp.connection_pool.IDLE_SECONDS", 0.05)
    first = (await say(stdio, "surroundings")).structured["pid"]
    (link,) = connections.get().values()

    await link.task

    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    assert (await say(stdio, "echo", text="again")).text == "again"


@pytest.mark.slow
async def test_a_program_that_never_answers_is_given_up(tiny_argv, mcp_limits):
    mcp_limits(call_timeout=0.5)
    mute = Endpoint("mute", "stdio", argv=(*tiny_argv, "mute"))

    with pytest.raises(ToolServerUnavailable, match="no answer"):
        await say(mute, "echo", text="hello?")

    assert all(link.ending.is_set() for link in connections.get().values())


async def test_a_program_that_does_not_exist_is_unavailable():
    with pytest.raises(ToolServerUnavailable, match="'gone'"):
        await list_tools(Endpoint("gone", "stdio", argv=("/does/not/exist",)))


async def test_nobody_listening_is_unavailable():
    with pytest.raises(ToolServerUnavailable, match="'gone'"):
        await say(Endpoint("gone", "http", url="http://127.0.0.1:9/mcp"), "echo", text="x")


async def test_the_link_of_the_machine_is_no_tool_server(monkeypatch):
    connected = []
    monkeypatch.setattr(
        httpx2.AsyncHTTPTransport, "handle_async_request", lambda *_: connected.append(1)
    )

    with pytest.raises(ToolServerUnavailable, match="no server is asked"):
        await list_tools(Endpoint("meta", "http", url="http://169.254.169.254/latest"))

    assert connected == []


async def test_http_carries_the_correlation_id_and_only_its_own_headers(http):
    seen = (await say(http, "headers")).structured

    assert seen["x-correlation-id"] == "abc-1"
    assert seen["backwards"] == "Bearer s3"[::-1]
    assert seen["authorization"] == "…"


async def test_refused_http_is_unavailable(tiny_url):
    elsewhere = Endpoint("tiny", "http", url=tiny_url.replace("/mcp", "/nothing"))

    with pytest.raises(ToolServerUnavailable):
        await say(elsewhere, "echo", text="x")


@pytest.mark.slow
def test_services_do_not_import_the_sdk_until_a_tool_is_needed():
    code = """
import sys, django
django.setup()
import mcp.services, mcp.urls, mcp.admin
assert "mcp.client" not in sys.modules and "mcp_types" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


def test_a_failure_does_not_tell_the_secrets_of_its_server():
    endpoint = Endpoint(
        "s", "http", headers=(("X-Key", "open\nsesame"), ("X-On", "1")), env=(("TOKEN", "hush!"),)
    )
    error = ValueError("Illegal header value b'open\\nsesame' or hush! at 1")

    told = unavailable(endpoint, error).message

    assert told == "The tool server 's' is not available: Illegal header value b'…' or … at 1."


def test_a_failure_does_not_tell_the_token_behind_a_scheme_or_the_rest_of_a_longer_secret():
    endpoint = Endpoint(
        "s", "http", headers=(("Authorization", "Bearer hush-hush"),), env=(("TOKEN", "hush"),)
    )

    told = unavailable(endpoint, ValueError("the token hush-hush is not known")).message

    assert told == "The tool server 's' is not available: the token … is not known."


async def test_an_error_the_server_answers_with_does_not_tell_its_secrets(scripted_argv):
    error = '"error": {"code": -32602, "message": "hush-hush is no valid token"}'
    script = json.dumps({"tools/call": answered(error)})
    env = (("TOKEN", "Bearer hush-hush"),)

    outcome = await say(Endpoint("s", "stdio", argv=(*scripted_argv, script), env=env), "echo")

    assert (outcome.is_error, outcome.text) == (True, "… is no valid token")


async def test_an_answer_does_not_tell_the_keys_of_its_server_and_keeps_everything_else(
    scripted_argv,
):
    told = "hush%2Fhush%2B1 is the token of Jo at /srv/files, Bearer hush/hush+1, {hush/hush+1}"
    data = {"hush/hush+1": ["hush/hush+1", {"home": "/srv/files", "n": 12345678}], "none": None}
    result = {"content": [{"type": "text", "text": told}], "structuredContent": data}
    script = json.dumps({"tools/call": answered(f'"result": {json.dumps(result)}')})
    env = (
        ("API_TOKEN", "Bearer hush/hush+1"),
        ("DIRECTORY", "/srv/files"),
        ("GIT_AUTHOR_NAME", "the token of Jo"),
        ("KEY_NUMBER", "12345678"),
    )

    outcome = await say(Endpoint("s", "stdio", argv=(*scripted_argv, script), env=env), "echo")

    assert not outcome.is_error
    assert outcome.text == "… is the token of Jo at /srv/files, …, {…}"
    assert outcome.structured == {"…": ["…", {"home": "/srv/files", "n": 12345678}], "none": None}


async def test_a_listing_does_not_tell_the_keys_of_its_server(scripted_argv):
    tool = {"name": "a", "description": "By hush/hush+1", "inputSchema": {"type": "object"}}
    script = json.dumps({"tools/list": answered(f'"result": {json.dumps({"tools": [tool]})}')})
    env = (("API_TOKEN", "hush/hush+1"),)

    found = await list_tools(Endpoint("s", "stdio", argv=(*scripted_argv, script), env=env))

    assert [tool.description for tool in found.tools] == ["By …"]


async def test_progress_does_not_tell_the_keys_of_its_server():
    told: list[Progress] = []
    endpoint = Endpoint("s", "stdio", env=(("API_TOKEN", "hush/hush+1"),))

    await ProgressTeller(told.append, keys_of(endpoint).text)(1, 2, "x" * 195 + "hush/hush+1")

    assert told == [Progress(1, 2, "x" * 195 + "…")]


def raw_endpoint(argv, **env):
    return Endpoint("raw", "stdio", argv=argv, env=tuple(env.items()))


GOOD = '{"name": "good", "inputSchema": {"type": "object"}}'


async def test_a_listing_that_goes_round_in_circles_is_left(raw_argv):
    page = f'{{"tools": [{GOOD.replace("good", "tool_%d")}], "nextCursor": "again"}}'

    found = await list_tools(raw_endpoint(raw_argv, RAW_LIST=page))

    assert len(found.tools) == 2


async def test_a_listing_without_end_is_cut(raw_argv, monkeypatch):
    monkeypatch.setattr(gateway, "MOST_PAGES", 5)
    page = f'{{"tools": [{GOOD}], "nextCursor": "page %d"}}'

    found = await list_tools(raw_endpoint(raw_argv, RAW_LIST=page))

    assert len(found.tools) == 5


async def test_a_listing_of_thousands_is_cut(raw_argv):
    tools = ",".join([GOOD] * 1200 + ["7"] * 1200)

    found = await list_tools(raw_endpoint(raw_argv, RAW_LIST=f'{{"tools": [{tools}]}}'))

    assert (len(found.tools), len(found.refused)) == (MOST_TOOLS, 0)


@pytest.mark.parametrize(
    "page", ['{"tools": 7}', '{"tools": [], "nextCursor": 7}', "[]", "7", '"x"', '{"tols": []}']
)
async def test_a_listing_that_is_none_is_unavailable(raw_argv, page, mcp_limits):
    mcp_limits(call_timeout=0.5)

    with pytest.raises(ToolServerUnavailable):
        await list_tools(raw_endpoint(raw_argv, RAW_LIST=page))


async def test_a_tool_is_called_although_another_one_is_badly_defined(raw_argv):
    listed = f'{{"tools": [{GOOD}, {{"name": 7}}]}}'
    result = '{"content": [{"type": "text", "text": "fine"}], "structuredContent": {"a": 1}}'

    outcome = await say(raw_endpoint(raw_argv, RAW_LIST=listed), "good", raw=result)

    assert (outcome.is_error, outcome.text) == (False, "fine")


DEEP = "[" * 150 + "]" * 150
RESULTS = {
    "nothing": "{}",
    "no object": "7",
    "a list": "[]",
    "content of numbers": '{"content": [7]}',
    "content that is none": '{"content": "text"}',
    "an unknown kind": '{"content": [{"type": "smell", "data": "x"}]}',
    "text that is a number": '{"content": [{"type": "text", "text": 7}]}',
    "NUL": '{"content": [{"type": "text", "text": "a\\u0000b"}]}',
    "half a character": '{"content": [{"type": "text", "text": "a\\ud800b"}]}',
    "data with NUL": '{"content": [], "structuredContent": {"k\\u0000": "a\\u0000b"}}',
    "data with half a character": '{"content": [], "structuredContent": {"k": "\\udfff"}}',
    "deep data": f'{{"content": [], "structuredContent": {{"k": {DEEP}}}}}',
    "a huge number": f'{{"content": [], "structuredContent": {{"k": 1{"0" * 400}}}}}',
    "no number": '{"content": [], "structuredContent": {"k": NaN, "l": Infinity}}',
    "data that is a list": '{"content": [], "structuredContent": [1]}',
    "a picture without data": '{"content": [{"type": "image"}]}',
    "an error without words": '{"content": [], "isError": true}',
    "an error that is none": '{"content": [], "isError": "maybe"}',
}


async def test_whatever_a_server_answers_becomes_text_that_can_be_stored(raw_argv, mcp_limits):
    mcp_limits(call_timeout=0.5)
    endpoint = raw_endpoint(raw_argv, RAW_LIST=f'{{"tools": [{GOOD}]}}')
    await list_tools(endpoint)

    for name, result in RESULTS.items():
        try:
            outcome = await say(endpoint, "good", raw=result)
        except ToolServerUnavailable as error:
            outcome = ToolOutcome(error.message)
        assert storable_text(outcome.text) == outcome.text, name
        assert storable_json(outcome.structured) == outcome.structured, name
        assert orjson.dumps(outcome.structured), name


LOADING = """
import sys
import django
django.setup()
import uuid
from asgiref.sync import async_to_sync
from mcp.calls import use_call_context
from mcp.builtin.registry import registered
from mcp.calls import CallContext
from mcp.services.builtins import tools_of
for slug in registered:
    tools_of(slug)
before = set(sys.modules)
from mcp.builtin.calling import call
from mcp.descriptions import Endpoint
with use_call_context(CallContext(user_id=uuid.uuid4(), correlation_id="")):
    place = Endpoint("datetime", "inprocess")
    outcome = async_to_sync(call)(place, "now", {"time_zone": "UTC"}, correlation_id="")
assert not outcome.is_error, outcome
# Who has no server outside keeps no memory for the library that speaks with those.
assert "mcp_types" not in sys.modules and "starlette" not in sys.modules
libraries = ("anyio", "mcp", "pydantic", "starlette")
print([name for name in set(sys.modules) - before if name.startswith(libraries)])
"""


@pytest.mark.slow
def test_the_first_call_of_a_process_finds_everything_loaded():
    done = subprocess.run(
        [sys.executable, "-c", LOADING],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "youworker.settings"},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"
