"""`/mcp` and `manage.py mcp_serve`, with the SDK's own client, against the running product."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from contextlib import asynccontextmanager, contextmanager
from uuid import uuid4

import httpx2
import pytest
from mcp.client import Client
from mcp.client.session import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from youworker.core.config import BASE_DIR
from youworker.tests.bench.product import create_key, run_command
from youworker.tests.support.ports import free_port
from youworker.tests.support.waiting import is_open, wait_until

pytestmark = pytest.mark.slow

TOOLS = {"search", "read_document", "list_collections", "ingest_url", "ask"}
SECRET = "The director's bonus is one million."
HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


@pytest.fixture
def person(running_product, people):
    return people(running_product)


@pytest.fixture
def address(running_product):
    return f"{running_product.base_url}/mcp"


def http_of(key):
    return httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=30)


@asynccontextmanager
async def handshake(address, key):
    """A session as hosts of before 2026 hold it: initialize, then requests."""
    async with (
        http_of(key) as http,
        streamable_http_client(address, http_client=http) as (reading, writing),
        ClientSession(reading, writing) as session,
    ):
        await session.initialize()
        yield session


@asynccontextmanager
async def modern(address, key):
    async with (
        http_of(key) as http,
        Client(streamable_http_client(address, http_client=http)) as client,
    ):
        yield client


def upload(product, person, text, name="rules.txt"):
    """Bring a document in and wait until it can be found; its id."""
    with httpx2.Client(
        base_url=product.base_url, headers={"Authorization": f"Bearer {person.api_key}"}
    ) as http:
        files = {"files": (name, text.encode(), "text/plain")}
        assert http.post("/v1/ingestion/uploads", files=files).status_code < 300

        def ready():
            rows = http.get("/v1/documents").json()["results"]
            return next((row["id"] for row in rows if row["status"] == "ready"), None)

        wait_until(ready, seconds=60)
        return ready()


def message(method, number=1, **params):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def post(address, key, body, **headers):
    sent = {**HEADERS, **headers}
    if key:
        sent["Authorization"] = f"Bearer {key}"
    return httpx2.post(address, json=body, headers=sent, timeout=30)


async def test_the_sequence_of_a_desktop_host(running_product, person, address):
    document = upload(running_product, person, "Everybody has thirty days of holiday.\n")

    async with handshake(address, person.api_key) as session:
        listed = await session.list_tools()
        found = await session.call_tool("search", {"query": "days of holiday"})
        read = await session.call_tool("read_document", {"document_id": document})
        collections = await session.call_tool("list_collections", {})
        await session.send_ping()

    assert {tool.name for tool in listed.tools} == TOOLS
    by_name = {tool.name: tool.annotations for tool in listed.tools}
    assert [name for name, hints in by_name.items() if not hints.read_only_hint] == [
        "ingest_url",
        "ask",
    ]
    assert "thirty days" in found.content[0].text
    assert found.structured_content["results"][0]["document"]["id"] == document
    assert read.structured_content["text"] == "Everybody has thirty days of holiday."
    assert collections.structured_content["collections"]


async def test_the_protocol_of_2026_needs_no_handshake(person, address):
    async with modern(address, person.api_key) as client:
        listed = await client.list_tools()
        collections = await client.call_tool("list_collections", {})

    assert {tool.name for tool in listed.tools} == TOOLS
    assert not collections.is_error


@pytest.mark.parametrize("version", ["2025-06-18", "2025-11-25", "2025-03-26"])
def test_versions_of_before_are_agreed_on(person, address, version):
    answer = post(
        address,
        person.api_key,
        message(
            "initialize",
            protocolVersion=version,
            capabilities={},
            clientInfo={"name": "old", "version": "1"},
        ),
    )

    assert answer.status_code == 200
    assert f'"protocolVersion":"{version}"' in answer.text
    assert "mcp-session-id" not in answer.headers


def test_an_unknown_version_is_refused(person, address):
    headers = {"MCP-Protocol-Version": "1999-01-01"}

    assert post(address, person.api_key, message("tools/list"), **headers).status_code == 400


def test_nobody_is_let_in_without_a_key_of_the_scope(running_product, address):
    other = create_key(running_product.environment, scopes="chat,documents.read")

    without = post(address, "", message("tools/list"))
    invented = post(address, "yw_invented", message("tools/list"))
    narrow = post(address, other, message("tools/list"))

    assert (without.status_code, invented.status_code, narrow.status_code) == (401, 401, 403)
    assert without.headers["www-authenticate"] == 'Bearer realm="youworker", scope="tools"'
    assert 'error="invalid_token"' in invented.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in narrow.headers["www-authenticate"]
    for answer in (without, invented, narrow):
        assert answer.json()["jsonrpc"] == "2.0"
        assert answer.headers["x-correlation-id"]


def test_sessions_are_refused_in_the_words_of_the_protocol(person, address):
    key = {"Authorization": f"Bearer {person.api_key}", "Accept": "text/event-stream"}

    for answer in (httpx2.get(address, headers=key), httpx2.delete(address, headers=key)):
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_pages_of_other_sites_may_not_call(person, address, origin):
    assert post(address, person.api_key, message("tools/list"), Origin=origin).status_code == 403


def test_names_that_lead_here_are_refused(person, address):
    answer = post(address, person.api_key, message("tools/list"), Host="evil.example")

    assert answer.status_code == 400


def test_large_bodies_are_refused(person, address):
    body = message("tools/call", name="search", arguments={"query": "x" * 2_000_000})

    assert post(address, person.api_key, body).status_code == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"jsonrpc":"2.0"}', b'{"id":1}', b"[" * 5000, b"\xff\xfe"],
)
def test_what_is_no_message_is_answered_with_an_error(person, address, body):
    headers = {**HEADERS, "Authorization": f"Bearer {person.api_key}"}

    answer = httpx2.post(address, content=body, headers=headers, timeout=30)

    assert 400 <= answer.status_code < 500


async def test_documents_of_others_are_not_there(running_product, people, person, address):
    owner = people(running_product)
    document = upload(running_product, owner, SECRET)

    async with handshake(address, person.api_key) as session:
        found = await session.call_tool("search", {"query": "bonus of the director"})
        read = await session.call_tool("read_document", {"document_id": document})
        missing = await session.call_tool("read_document", {"document_id": str(uuid4())})
        widened = await session.call_tool(
            "search", {"query": "bonus", "user_id": owner.username, "document_ids": [document]}
        )

    assert read.is_error
    assert read.content == missing.content
    assert SECRET not in f"{found} {read} {widened}"


async def test_two_users_at_once_get_their_own(running_product, people, address):
    pair = [people(running_product) for _ in range(2)]
    for number, each in enumerate(pair):
        upload(running_product, each, f"The word of user {number} is w{number}w.")

    async def words_of(each):
        async with modern(address, each.api_key) as client:
            answers = [await client.call_tool("search", {"query": "word"}) for _ in range(5)]
        return {answer.content[0].text for answer in answers}

    first, second = await asyncio.gather(*map(words_of, pair))

    assert len(first) == len(second) == 1
    assert "w0w" in str(first)
    assert "w1w" not in str(first)
    assert "w1w" in str(second)


async def test_a_question_is_answered_by_a_run(running_product, person, address):
    upload(running_product, person, "Everybody has thirty days of holiday each year.")

    async with handshake(address, person.api_key) as session:
        answer = await session.call_tool("ask", {"question": "How many days of holiday?"})
        told = answer.structured_content
        further = await session.call_tool(
            "ask", {"question": "And now?", "session_id": told["session_id"]}
        )

    assert told["status"] == "succeeded"
    assert answer.content[0].text
    assert further.structured_content["session_id"] == told["session_id"]
    key = {"Authorization": f"Bearer {person.api_key}"}
    kept = httpx2.get(
        f"{running_product.base_url}/v1/sessions/{told['session_id']}/messages", headers=key
    )
    assert [row["role"] for row in kept.json()["results"]] == ["user", "assistant"] * 2


async def test_sessions_of_others_cannot_be_gone_on_with(running_product, people, person, address):
    async with handshake(address, people(running_product).api_key) as session:
        other = await session.call_tool("ask", {"question": "Hello?"})
    async with handshake(address, person.api_key) as session:
        arguments = {"question": "Hm?", "session_id": other.structured_content["session_id"]}
        answer = await session.call_tool("ask", arguments)

    assert answer.is_error
    assert "Not found" in answer.content[0].text


async def test_a_revoked_key_ends_within_seconds(running_product, person, address):
    with httpx2.Client(
        base_url=running_product.base_url, headers={"Authorization": f"Bearer {person.api_key}"}
    ) as http:
        key_id = http.get("/v1/account/api-keys").json()["results"][0]["id"]
        assert post(address, person.api_key, message("tools/list")).status_code == 200
        assert http.delete(f"/v1/account/api-keys/{key_id}").status_code == 204

    assert post(address, person.api_key, message("tools/list")).status_code == 401


def script_model(product, *turns):
    address = product.environment["LLM_BASE_URL"].removesuffix("/v1")
    with httpx2.Client() as http:
        http.post(f"{address}/control/reset")
        http.post(f"{address}/control/script", json={"turns": list(turns)})


async def test_an_answer_that_is_being_made_ends_with_its_key(running_product, person, address):
    script_model(running_product, {"tokens": 10_000, "rate": 20})
    headers = {**HEADERS, "Authorization": f"Bearer {person.api_key}"}
    body = message("tools/call", name="ask", arguments={"question": "Tell me everything."})
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        asking = asyncio.create_task(http.post(address, json=body))
        account = f"{running_product.base_url}/v1/account/api-keys"
        await asyncio.sleep(2)
        key_id = (await http.get(account)).json()["results"][0]["id"]
        assert not asking.done()

        began = time.monotonic()
        assert (await http.delete(f"{account}/{key_id}")).status_code == 204
        answer = await asking

    assert time.monotonic() - began < 10
    assert '"result"' not in answer.text
    program = (
        "from chat.models import Run\n"
        f"print([run.status for run in Run.objects.filter(user__username={person.username!r})])"
    )

    def is_stopped():
        printed = run_command(running_product.environment, "shell", "-v0", "-c", program)
        return printed == "['stopped']"

    wait_until(is_stopped, seconds=30)


async def test_an_answer_shows_signs_of_life_and_ends_when_its_asker_leaves(
    running_product, person, address
):
    script_model(running_product, {"tokens": 10_000, "rate": 20})
    told, heard = [], asyncio.Event()

    async def note(progress, total, words):
        told.append((progress, words))
        heard.set()

    async with handshake(address, person.api_key) as session:
        asking = asyncio.create_task(
            session.call_tool("ask", {"question": "Go on."}, progress_callback=note)
        )
        await asyncio.wait_for(heard.wait(), 30)
        asking.cancel()

    assert told[0] == (10.0, "The answer is being made.")


def test_calls_are_audited_without_their_content(running_product, person, address):
    body = message("tools/call", name="search", arguments={"query": "canary words"})
    assert post(address, person.api_key, body).status_code == 200
    program = (
        "from auditlog.models import LogEntry\n"
        f"rows = LogEntry.objects.filter(actor__username={person.username!r},"
        "additional_data__action='tool.call')\n"
        "print([row.additional_data for row in rows])"
    )

    printed = run_command(running_product.environment, "shell", "-v0", "-c", program)

    assert "'tool_name': 'youworker.search'" in printed
    assert "canary" not in printed


@contextmanager
def serving(product, name):
    """`mcp_serve NAME --http` as a process of its own; its address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "mcp_serve", name, "--http", str(port)],
        cwd=BASE_DIR,
        env=product.environment,
    )
    try:
        wait_until(lambda: process.poll() is not None or is_open(port), seconds=60)
        assert process.poll() is None, "it ended"
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        assert process.wait(20) in (0, -15)


def program_of(product, *arguments, **more):
    return StdioServerParameters(
        command=sys.executable,
        args=["manage.py", "mcp_serve", *arguments],
        cwd=BASE_DIR,
        env={**product.environment, **more},
    )


SERVERS = {
    "semantic": ("collections", {}, {"query", "answer", "similar_to_text", "collections"}),
    "datetime": ("now", {}, {"now", "format", "add", "parse_natural"}),
    "units": ("convert", {"value": 1, "from_unit": "mi", "to_unit": "km"}, {"convert"}),
    "web": ("head", {"url": "http://127.0.0.1/"}, {"fetch", "head", "extract_readable", "crawl"}),
    "ingest": ("status", {"run": str(uuid4())}, {"url", "path", "status"}),
    "youworker": ("list_collections", {}, TOOLS),
}


@pytest.mark.parametrize("name", SERVERS)
async def test_each_server_alone_over_stdio(running_product, person, name):
    tool, arguments, names = SERVERS[name]
    program = program_of(running_product, name, "--stdio", "--user", person.username)

    async with (
        stdio_client(program) as (reading, writing),
        ClientSession(reading, writing) as session,
    ):
        await session.initialize()
        listed = await session.list_tools()
        answer = await session.call_tool(tool, arguments)

    assert {each.name for each in listed.tools} == names
    assert answer.is_error == (name in {"web", "ingest"})
    assert "mistake" not in answer.content[0].text


def test_nothing_but_the_protocol_is_printed(running_product, person):
    program = program_of(running_product, "units", "--stdio")
    hello = message(
        "initialize",
        protocolVersion="2025-06-18",
        capabilities={},
        clientInfo={"name": "raw", "version": "1"},
    )
    import json

    done = subprocess.run(
        [program.command, *program.args],
        input=json.dumps(hello) + "\n" + "not json\n",
        cwd=BASE_DIR,
        env={**program.env, "YOUWORKER_API_KEY": person.api_key, "LOG_LEVEL": "DEBUG"},
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )

    lines = done.stdout.splitlines()
    assert lines
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in lines)
    assert person.api_key not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "key", "words"),
    [
        (("nonsense", "--stdio", "--user", "bench"), "", "There is no server nonsense"),
        (("units", "--stdio"), "", "Say who acts"),
        (("units", "--stdio"), "yw_invented", "is not valid"),
        (("units", "--stdio", "--user", "nobody-here"), "", "no active user"),
        (("units", "--http", "0"), "", "between 1 and 65535"),
        (("units", "--http", "8999", "--user", "bench"), "", "leave --user out"),
    ],
)
def test_what_cannot_be_served_is_said(running_product, arguments, key, words):
    program = program_of(running_product, *arguments, YOUWORKER_API_KEY=key)

    done = subprocess.run(
        [program.command, *program.args],
        cwd=BASE_DIR,
        env=program.env,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert words in done.stderr


async def test_a_server_alone_over_http(running_product, person):
    with serving(running_product, "semantic") as address:
        async with handshake(address, person.api_key) as session:
            answer = await session.call_tool("collections", {})
        refused = post(address, "", message("tools/list"))
        led_here = post(address, person.api_key, message("tools/list"), Host="evil.example")
        elsewhere = httpx2.get(address.removesuffix("/mcp") + "/admin/")

    assert not answer.is_error
    assert (refused.status_code, led_here.status_code, elsewhere.status_code) == (401, 421, 404)


def test_the_first_message_does_not_hold_the_others_up(running_product, person, address):
    began = time.monotonic()
    assert post(address, person.api_key, message("ping")).status_code == 200

    assert time.monotonic() - began < 5
    assert os.environ.get("DATA_DIR") != running_product.environment["DATA_DIR"]
