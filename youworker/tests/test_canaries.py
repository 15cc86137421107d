"""A thousand marked texts go through a running installation; nothing at rest shows one."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
import sys
from itertools import count
from pathlib import Path

import httpx2
import psycopg
import pytest
import redis
from psycopg import sql

from mcp.tests.conftest import TINY
from youworker.appliance.embedded.postgres import binary
from youworker.core.config import BASE_DIR
from youworker.tests.bench.product import running_product
from youworker.tests.support.model_server import Call, ModelServer, Turn
from youworker.tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CONVERSATIONS = 20
# What reads other tools' answers before would ask otherwise, each time.
HARMLESS = {"policy": "auto", "writes": False, "egress": False}
ECHO = "tiny__echo"
SURROUNDINGS = "tiny__surroundings"


class Canaries:
    """Numbered texts with one mark."""

    def __init__(self):
        self.mark = f"canary{secrets.token_hex(12)}"
        self.numbers = count(1)
        self.issued = 0

    def text(self, number):
        """So many of them, as words."""
        self.issued += number
        return " ".join(f"{self.mark}n{next(self.numbers):05d}" for _ in range(number))

    def found_in(self, data):
        """Whether the mark stands in some bytes, readable or merely encoded."""
        return any(shape in data for shape in shapes(self.mark.encode()))


def shapes(mark):
    """The mark in plain, hexadecimal, and the three ways base64 can begin."""
    found = {mark, mark.hex().encode(), mark.hex().upper().encode(), mark.decode().encode("utf-16")}
    for shift, cut in ((0, 0), (1, 2), (2, 3)):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            # What depends on the neighbours is cut off.
            found.add(encode(b"\0" * shift + mark)[cut:-4])
    return found


@pytest.fixture(scope="module")
def model():
    with ModelServer() as server:
        yield server


@pytest.fixture(scope="module")
def product(model, canaries):
    own = {"LLM_API_KEY": canaries.text(1), "METRICS_TOKEN": canaries.text(1)}
    # Every statement is slow, so every one is logged.
    logs = {"LOG_LEVEL": "INFO", "LOG_FORMAT": "json", "LOG_SLOW_QUERY_MS": "1"}
    with running_product(LLM_BASE_URL=model.base_url, **own, **logs) as running:
        yield running


@pytest.fixture(scope="module")
def environment(product):
    """What its processes were started with: where PostgreSQL and Redis are."""
    raw = Path(f"/proc/{product.web.pid}/environ").read_bytes().split(b"\0")
    return dict(part.decode().split("=", 1) for part in raw if b"=" in part)


@pytest.fixture(scope="module")
def canaries():
    return Canaries()


def manage(product, *arguments, **more):
    command = [sys.executable, "manage.py", *arguments]
    environment = product.environment | more
    made = subprocess.run(
        command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


@pytest.fixture(scope="module")
def client(product):
    key = manage(
        product, "create_api_key", "bench", "--name", "all", "--scopes",
        "chat,tools,admin,account,documents.read,documents.write",
    )  # fmt: skip
    headers = {"Authorization": f"Bearer {key}"}
    with httpx2.Client(base_url=product.base_url, headers=headers, timeout=60) as opened:
        yield opened


@pytest.fixture(scope="module")
def lived(product, client, model, canaries):
    """Everything people write, and everything that answers them."""
    declare_servers(product, client, canaries)
    for _ in range(CONVERSATIONS):
        converse(client, model, canaries)
    fail(client, model, canaries)
    client.post("/v1/search", json={"query": canaries.text(1)}).raise_for_status()
    client.get("/v1/sessions", params={"search": canaries.text(1)}).raise_for_status()
    assert canaries.issued >= 1000
    return canaries


def declare_servers(product, client, canaries):
    """A program with a secret in its environment, and an address with a secret header."""
    tiny = ["tiny", "--env", "TINY_SECRET", "--argv", sys.executable, TINY]
    manage(product, "add_mcp_server", *tiny, TINY_SECRET=canaries.text(1))
    for tool in client.get("/v1/tools").json()["results"]:
        if tool["server"] == "tiny":
            client.patch(f"/v1/tools/{tool['id']}", json=HARMLESS).raise_for_status()
    headers = {"X-Secret": canaries.text(1)}
    server = {"slug": "closed", "url": "http://127.0.0.1:9/mcp", "headers": headers}
    created = client.post("/v1/mcp/servers", json=server)
    assert created.status_code == 201
    refreshed = client.post(f"/v1/mcp/servers/{created.json()['id']}/refresh")
    assert refreshed.status_code == 503


def converse(client, model, canaries):
    """One conversation with tools, thoughts, an opinion and a new title."""
    session = client.post("/v1/sessions", json={"title": canaries.text(1)}).json()["id"]
    arguments = {"text": canaries.text(10)}
    model.script(
        Turn(reasoning=canaries.text(5), calls=(Call(ECHO, arguments),)),
        Turn(text=canaries.text(5), calls=(Call(SURROUNDINGS, {}),)),
        Turn(text=canaries.text(5), calls=(Call("unknown", {"q": canaries.text(2)}),)),
        Turn(reasoning=canaries.text(5), text=canaries.text(10)),
    )
    posted = client.post(
        f"/v1/sessions/{session}/messages",
        json={"text": canaries.text(10)},
        headers={"Idempotency-Key": secrets.token_hex(8)},
    )
    done = last_event(client, posted.json()["run"]["id"])
    assert '"succeeded"' in done
    assert canaries.mark in done
    answer = client.get(f"/v1/sessions/{session}/messages").json()["results"][-1]
    assert [call["status"] for call in answer["tool_runs"]] == ["succeeded", "succeeded", "failed"]
    assert canaries.mark in str(answer["tool_runs"])
    opinion = {"rating": 1, "comment": canaries.text(3)}
    client.post(f"/v1/messages/{answer['id']}/feedback", json=opinion).raise_for_status()
    title = {"title": canaries.text(1)}
    client.patch(f"/v1/sessions/{session}", json=title).raise_for_status()


def fail(client, model, canaries):
    """Runs whose error quotes what was said."""
    refusal = Turn(status=400, message=canaries.text(2))
    busy = Turn(status=503, message=canaries.text(2))
    cut = Turn(text=canaries.text(5), cut=2)
    model.script(refusal, busy, busy, busy, busy, busy, cut)
    for _ in range(3):
        session = client.post("/v1/sessions", json={}).json()["id"]
        text = {"text": canaries.text(1), "enable_tools": False}
        posted = client.post(f"/v1/sessions/{session}/messages", json=text)
        last_event(client, posted.json()["run"]["id"])
        model.state.script.clear()
        model.script(busy, busy, busy, busy, busy, busy)


def last_event(client, run):
    """The payload of `done`."""
    with client.stream("GET", f"/v1/runs/{run}/events") as answer:
        return [line for line in answer.iter_lines() if line.startswith("data: ")][-1]


def test_no_row_shows_one(lived, client, environment):
    control = client.post(
        "/v1/mcp/servers", json={"slug": "control", "url": "http://127.0.0.1:9", "title": "seen"}
    )
    assert control.status_code == 201
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchall()
        shown = {}
        for (table,) in tables:
            query = sql.SQL("SELECT row_to_json(t)::text FROM {} t").format(sql.Identifier(table))
            rows = connection.execute(query).fetchall()
            shown[table] = "\n".join(row[0] for row in rows).encode()

    assert b'"control"' in shown["mcp_server"]
    assert shown["chat_message"].count(b"\n") > 2 * CONVERSATIONS
    assert [table for table, text in shown.items() if lived.found_in(text)] == []


def test_no_dump_shows_one(lived, environment):
    command = [binary("pg_dump"), "--dbname", environment["DATABASE_URL"]]
    dumped = subprocess.run(command, capture_output=True, check=True).stdout

    assert b"COPY public.chat_message" in dumped
    assert not lived.found_in(dumped)


def test_redis_shows_none_while_event_logs_are_there(lived, environment):
    connection = redis.Redis.from_url(environment["REDIS_URL"])
    shown = {key: key + b" " + content(connection, key) for key in connection.scan_iter(count=1000)}
    logs = [key for key in shown if key.startswith(b"run:") and not key.endswith(b":stop")]

    assert len(logs) >= CONVERSATIONS
    assert sum(b"token" in shown[key] for key in logs) >= CONVERSATIONS
    assert [key for key, text in shown.items() if lived.found_in(text)] == []


def content(connection, key):
    """Everything behind a key of whichever kind."""
    read = {
        b"string": connection.get,
        b"hash": connection.hgetall,
        b"list": lambda name: connection.lrange(name, 0, -1),
        b"set": connection.smembers,
        b"zset": lambda name: connection.zrange(name, 0, -1, withscores=True),
        b"stream": connection.xrange,
        b"none": lambda _name: b"",
    }
    # The plain form of bytes keeps what is printable as it is.
    return repr(read[connection.type(key)](key)).encode()


def test_no_file_shows_one(lived, product, environment):
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        with pytest.raises(psycopg.DataError):
            connection.execute(f"SELECT '{lived.text(1)}', 1 / 0")
    folder = Path(product.environment["DATA_DIR"])
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "secrets"]

    read = {path: path.read_bytes() for path in files}

    assert {"up.log", "postgres.log", "redis.log", "PG_VERSION"} <= {path.name for path in read}
    assert any(b"http://127.0.0.1:9/mcp" in data for data in read.values())
    assert [str(path) for path, data in read.items() if lived.found_in(data)] == []


@pytest.fixture(scope="module")
def handed_in(client, product):
    """A file whose name and text are marked by others, because documents are kept in plain."""
    marked = Canaries()
    files = {"files": (f"{marked.text(1)}.md", f"# {marked.text(1)}\n\n{marked.text(5)}")}
    posted = client.post("/v1/ingestion/uploads", files=files)
    posted.raise_for_status()
    run = posted.json()["id"]
    wait_until(lambda: client.get(f"/v1/ingestion/runs/{run}").json()["finished_at"], seconds=120)
    for path in (f"/v1/nowhere/{marked.text(1)}", f"/v1/documents?search={marked.text(1)}"):
        client.get(path, headers={"X-Unknown": marked.text(1), "Cookie": marked.text(1)})
    refused = {"Authorization": f"Bearer {marked.text(1)}"}
    assert client.get("/v1/sessions", headers=refused).status_code == 401
    return marked


def log_lines(product):
    """What web process and workers logged, as objects."""
    text = (Path(product.environment["DATA_DIR"]) / "up.log").read_text()
    lines = [line.partition(" | ")[2] for line in text.splitlines()]
    return [json.loads(line) for line in lines if line.startswith("{")]


def test_the_log_tells_of_everything_once_and_shows_none(lived, handed_in, client, product):
    wait_until(lambda: {"request", "run", "task", "tool call"} <= events(product))
    lines = log_lines(product)
    told = {name: [line for line in lines if line["event"] == name] for name in events(product)}

    posted = [line for line in told["request"] if line["route"] == "v1/ingestion/uploads"]
    assert [(line["method"], line["status"]) for line in posted] == [("POST", 202)]
    assert all(line["duration_ms"] > 0 and line["user_id"] for line in posted)
    assert any(line["route"] == "unmatched" and line["status"] == 404 for line in told["request"])
    statuses = [line["status"] for line in told["run"]]
    assert statuses.count("succeeded") == CONVERSATIONS
    assert statuses.count("failed") == 3
    assert len({line["run_id"] for line in told["run"]}) == CONVERSATIONS + 3
    runs = {line["run_id"] for line in told["run"]}
    assert len(told["tool call"]) >= 2 * CONVERSATIONS
    assert {line["run_id"] for line in told["tool call"]} <= runs
    assert {line["result"] for line in told["task"]} == {"succeeded"}
    assert all(line["correlation_id"] for line in (*told["task"], *told["run"]))
    assert any("INSERT INTO" in line["statement"] for line in told["slow query"])
    raw = (Path(product.environment["DATA_DIR"]) / "up.log").read_bytes().splitlines()
    assert [line for line in raw if lived.found_in(line) or handed_in.found_in(line)] == []


def events(product):
    return {line["event"] for line in log_lines(product)}


def test_figures_of_all_processes_are_told_and_show_none(lived, handed_in, product):
    token = {"Authorization": f"Bearer {product.environment['METRICS_TOKEN']}"}
    found = httpx2.get(f"{product.base_url}/metrics", headers=token)

    text = found.text
    assert f'youworker_runs_total{{outcome="succeeded"}} {float(CONVERSATIONS)}' in text
    assert 'youworker_ingestion_files_total{outcome="succeeded"} 1.0' in text
    assert 'youworker_tool_calls_total{outcome="succeeded",server="tiny"} ' in text
    assert 'youworker_tasks_total{outcome="succeeded",task="ingestion.tasks.work"} ' in text
    assert 'youworker_open_connections{kind="request"} 1.0' in text
    assert "youworker_database_connections_max 20.0" in text
    assert "youworker_event_loop_lag_seconds_count" in text
    assert 'youworker_build_info{python="' in text
    assert httpx2.get(f"{product.base_url}/metrics").status_code == 404
    assert not lived.found_in(found.content)
    assert not handed_in.found_in(found.content)


def test_encoded_marks_are_recognised():
    canaries = Canaries()
    text = canaries.text(1).encode()

    for shift in range(3):
        assert canaries.found_in(base64.b64encode(b"x" * shift + text + b"more"))
        assert canaries.found_in(base64.urlsafe_b64encode(b"x" * shift + text + b"more"))
    assert canaries.found_in(text.hex().encode())
    assert not canaries.found_in(b"canary")
