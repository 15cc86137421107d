"""Tool servers that nobody here wrote, as programs and at a URL.

Those in Python are installed by `make .venv/foreign.stamp`, those from npm by
`make .venv/foreign_node.stamp`.
"""

from __future__ import annotations

import asyncio
import base64
import shutil
import subprocess
from contextlib import contextmanager

import pytest

from mcp.calls import CallContext
from mcp.enums import Policy, Protocol, Transport
from mcp.services import call_tool, create_server, discover_server, usable_tools
from mcp.tests.factories import UserFactory
from youworker.core.config import BASE_DIR
from youworker.core.db import run_in_thread
from youworker.core.per_loop import close_all
from youworker.tests.support.ports import free_port
from youworker.tests.support.waiting import is_open, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

BIN = BASE_DIR / ".venv" / "foreign" / "bin"
# The program itself speaks over its input and output only; its server speaks both.
OVER_HTTP = (
    "from mcp_server_time.server import create_server;"
    "create_server('UTC').run('streamable-http', host='127.0.0.1', port={port})"
)


@pytest.fixture(autouse=True)
def _installed():
    assert (BIN / "mcp-server-time").exists(), "run `make .venv/foreign.stamp` first"


@pytest.fixture
def user():
    return UserFactory()


def declared(slug, **where):
    """A server as operators add one, with its tools found and callable."""
    server = create_server(slug, actor=None, **where)
    discover_server(server)
    server.tools.update(policy=Policy.AUTO)
    server.refresh_from_db()
    return server


def use(user, *calls, tell_progress=None):
    """The outcomes of calls, each a tool with its arguments, in one event loop."""

    async def each():
        found = await run_in_thread(usable_tools, user)
        by_name = {tool.name: tool for tool in found}
        try:
            context = CallContext(user.pk, "corr-1", tell_progress=tell_progress)
            return [await call_tool(by_name[name], said, context=context) for name, said in calls]
        finally:
            await close_all()

    return asyncio.run(each())


@contextmanager
def serving_time():
    """The time server at a URL."""
    port = free_port()
    program = [str(BIN / "python"), "-c", OVER_HTTP.format(port=port)]
    process = subprocess.Popen(program, cwd="/", stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: process.poll() is not None or is_open(port))
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        process.wait(10)


# A picture of one dot.
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ROME = {"timezone": "Europe/Rome"}
NOWHERE = {"timezone": "Nowhere/Else"}


def require_time_tools(user, server):
    """The time server tells the time as data that keeps its promise, and its errors in words."""
    told, failed = use(
        user,
        (f"{server.slug}.get_current_time", ROME),
        (f"{server.slug}.get_current_time", NOWHERE),
    )

    assert server.tools.get(local_name="get_current_time").output_schema["type"] == "object"
    assert not told.is_error
    assert told.structured["timezone"] == "Europe/Rome"
    assert failed.is_error
    assert "Nowhere/Else" in failed.text


def test_the_time_server_works_as_a_program(user):
    server = declared("time", argv=[str(BIN / "mcp-server-time")])

    assert (server.transport, server.protocol) == (Transport.STDIO, Protocol.MODERN)
    require_time_tools(user, server)


def test_the_time_server_works_at_a_url(user):
    with serving_time() as url:
        server = declared("clock", url=url)

        assert (server.transport, server.protocol) == (Transport.HTTP, Protocol.MODERN)
        require_time_tools(user, server)


def test_the_git_server_works_and_stays_in_its_repository(user, tmp_path):
    repository = tmp_path / "repository"
    repository.mkdir()
    as_ada = ["git", "-C", str(repository), "-c", "user.email=a@b", "-c", "user.name=Ada"]
    subprocess.run([*as_ada, "init", "-q", "."], check=True)
    said = ["commit", "-q", "--allow-empty", "-m", "Count the stars"]
    subprocess.run([*as_ada, *said], check=True)
    declared("git", argv=[str(BIN / "mcp-server-git"), "--repository", str(repository)])

    log, outside = use(
        user,
        ("git.git_log", {"repo_path": str(repository)}),
        ("git.git_status", {"repo_path": "/etc"}),
    )

    assert "Count the stars" in log.text
    assert outside.is_error
    assert "outside" in outside.text


def test_the_fetch_server_works_and_refuses_private_addresses(user, http_script):
    http_script.answer = lambda *_: (200, {"Content-Type": "text/plain"}, b"Thirty days of leave.")
    program = [str(BIN / "mcp-server-fetch"), "--ignore-robots-txt"]
    declared("fetch", argv=program)
    declared("inside", argv=[*program, "--allow-private-ips"])

    refused, read = use(
        user, ("fetch.fetch", {"url": http_script.url}), ("inside.fetch", {"url": http_script.url})
    )

    assert refused.is_error
    assert "Thirty days of leave." in read.text


EVERYTHING = "@modelcontextprotocol/server-everything/dist/index.js"
FILESYSTEM = "@modelcontextprotocol/server-filesystem/dist/index.js"
MEMORY = "@modelcontextprotocol/server-memory/dist/index.js"


def from_npm(name):
    """How a server from npm is started."""
    program = BASE_DIR / ".venv" / "foreign_node" / "node_modules" / name
    node = shutil.which("node")
    assert node, "Node.js 20 is missing"
    assert program.exists(), "run `make .venv/foreign_node.stamp` first"
    return [node, str(program)]


@pytest.fixture
def everything():
    """How the server is started that has one tool of each kind."""
    return from_npm(EVERYTHING)


def test_the_filesystem_server_works_and_stays_in_its_folder(user, tmp_path):
    (tmp_path / "leave.txt").write_text("Thirty days.\nÜber alles.\n")
    (tmp_path / "dot.png").write_bytes(DOT)
    declared("files", argv=[*from_npm(FILESYSTEM), str(tmp_path)])

    read, media, written, outside = use(
        user,
        ("files.read_text_file", {"path": str(tmp_path / "leave.txt"), "head": 1}),
        ("files.read_media_file", {"path": str(tmp_path / "dot.png")}),
        ("files.write_file", {"path": str(tmp_path / "new.txt"), "content": "Città"}),
        ("files.read_text_file", {"path": "/etc/passwd"}),
    )

    assert read.text.strip() == "Thirty days."
    assert [(file.mime, base64.b64decode(file.encoded)) for file in media.files] == [
        ("image/png", DOT)
    ]
    assert not written.is_error
    assert (tmp_path / "new.txt").read_text() == "Città"
    assert outside.is_error
    assert "outside" in outside.text


def test_the_memory_server_remembers_between_conversations(user, tmp_path):
    kept = {"MEMORY_FILE_PATH": str(tmp_path / "memory.jsonl")}
    declared("memory", argv=from_npm(MEMORY), env=kept)
    ada = {"name": "Ada", "entityType": "person", "observations": ["counts the stars"]}

    (made,) = use(user, ("memory.create_entities", {"entities": [ada]}))
    found, nobody = use(
        user,
        ("memory.search_nodes", {"query": "stars"}),
        ("memory.search_nodes", {"query": "Zebra"}),
    )

    assert made.structured == {"entities": [ada]}
    assert found.structured == {"entities": [ada], "relations": []}
    assert nobody.structured == {"entities": [], "relations": []}


@contextmanager
def serving_everything(argv):
    """The server with one tool of each kind at a URL."""
    port = free_port()
    process = subprocess.Popen(
        [*argv, "streamableHttp"],
        env={"PORT": str(port)},
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: process.poll() is not None or is_open(port))
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        process.wait(10)


def require_everything(user, server):
    """Words, sums that keep their promise, pictures, files and errors arrive as they are."""
    said, drawn, weather, file, failed = use(
        user,
        (f"{server.slug}.echo", {"message": "Zebra"}),
        (f"{server.slug}.get-tiny-image", {}),
        (f"{server.slug}.get-structured-content", {"location": "Chicago"}),
        (f"{server.slug}.get-resource-reference", {"resourceType": "Blob", "resourceId": 1}),
        (f"{server.slug}.get-sum", {"a": "x"}),
    )

    assert said.text == "Echo: Zebra"
    assert "[image image/png]" in drawn.text
    (picture,) = drawn.files
    assert picture.mime == "image/png"
    assert base64.b64decode(picture.encoded).startswith(b"\x89PNG")
    assert set(weather.structured) == {"temperature", "conditions", "humidity"}
    assert base64.b64decode(file.files[0].encoded).startswith(b"Resource 1")
    assert failed.is_error
    assert said.files == ()


def test_the_everything_server_works_as_a_program(user, everything):
    server = declared("everything", argv=[*everything, "stdio"])

    assert server.transport == Transport.STDIO
    require_everything(user, server)


def test_the_everything_server_works_at_a_url_and_tells_how_far_it_is(user, everything):
    told = []
    with serving_everything(everything) as url:
        server = declared("everything", url=url)
        require_everything(user, server)
        (done,) = use(
            user,
            ("everything.trigger-long-running-operation", {"duration": 0.4, "steps": 4}),
            tell_progress=told.append,
        )

    assert "4" in done.text
    assert told
    assert told[-1].total == 4
