"""Each part of a running installation is broken for real: what says what.

| broken   | live | ready          | detailed                         | doctor       | history  |
|----------|------|----------------|----------------------------------|--------------|----------|
| database | 200  | 503 `database` | 503: nobody knows who asks       | `database`   | not read |
| Redis    | 200  | 503 `redis`    | `redis`; worker, beat unknown    | `redis`      | read     |
| worker   | 200  | 200            | `worker`                         | `worker`     | read     |
| beat     | 200  | 200            | `beat`                           | `beat`       | read     |
| model    | 200  | 200            | `models`                         | `models`     | read     |
| tools    | 200  | 200            | warning `tool_servers`           | warning      | read     |
| disk     | 200  | 200            | warning `disk`                   | warning      | read     |
| tables   | 200  | 503            | `migrations`; readers unknown    | `migrations` | not read |

Clocks, backups and statements are broken in `test_health_parts` and in the tests of backups.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx2
import psutil
import pytest
from redis import Redis

from youworker.appliance.health import heartbeat
from youworker.core.config import BASE_DIR
from youworker.tests.bench.product import create_key, run_command
from youworker.tests.support.processes import environment_of, hanging, server_processes
from youworker.tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

# Load balancers give up after some seconds.
SECONDS = 15
AWAY = (httpx2.HTTPError,)


@pytest.fixture(scope="module")
def product(mortal_product):
    return mortal_product


@pytest.fixture(scope="module")
def staff(product):
    """Staff's program, with a conversation to read."""
    key = create_key(product.environment, "admin,chat")
    headers = {"Authorization": f"Bearer {key}"}
    with httpx2.Client(base_url=product.base_url, headers=headers, timeout=30) as client:
        session = client.post("/v1/chat", json={"text": "[[tokens=3]]"}).json()["session_id"]
        client.history = f"/v1/sessions/{session}/messages"
        yield client


def parts_in(client, status):
    """The parts with this status."""
    parts = client.get("/health/detailed").json()
    return {name for name, part in parts.items() if part["status"] == status}


@pytest.fixture(autouse=True)
def _everything_works(staff):
    """Begin with an installation in which nothing is broken, and leave such a one."""
    wait_until(lambda: not parts_in(staff, "failed"), despite=AWAY)
    yield
    wait_until(lambda: not parts_in(staff, "failed"), despite=AWAY)


def ready(client):
    answer = client.get("/health/ready", timeout=SECONDS)
    return answer.status_code, answer.json().get("failed", [])


def is_live(client):
    return client.get("/health/live", timeout=SECONDS).status_code == 200


def examine(environment, *options, **settings):
    """What the command says, and how it ends; never with a traceback."""
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--pause", "0", *options],
        cwd=BASE_DIR,
        env=environment | settings,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


def worker_of(product):
    return hanging(product.children("youworker worker"))


def redis_of(product):
    return hanging(server_processes(product, "redis"))


def model_of(product):
    port = product.environment["LLM_BASE_URL"].split(":")[2].split("/")[0]
    double = ["youworker.tests.support.model_server", "--port", port]
    found = [
        each
        for each in psutil.process_iter(["cmdline"])
        if (each.info["cmdline"] or [])[-3:] == double
    ]
    return hanging(found)


@contextmanager
def tools_of(product):
    """Have a tool server that ends as soon as it is started."""
    create = (
        "from mcp.services import create_server;"
        "create_server('broken', argv=['/bin/false'], actor=None)"
    )
    run_command(product.environment, "shell", "-v0", "-c", create)
    # Asked once, which is how it is known.
    look = [sys.executable, "manage.py", "refresh_mcp_servers"]
    subprocess.run(look, cwd=BASE_DIR, env=product.environment, check=False, capture_output=True)
    try:
        yield
    finally:
        remove = "from mcp.models import Server; Server.objects.filter(slug='broken').delete()"
        run_command(product.environment, "shell", "-v0", "-c", remove)


@contextmanager
def beat_of(product):
    """Have beat sleep, and its last sign be old."""
    url = environment_of(product.web)["REDIS_URL"]
    with hanging(product.children("youworker beat")), Redis.from_url(url) as server:
        server.expire(heartbeat.KEY, heartbeat.KEPT_SECONDS - 300)
        yield


@pytest.mark.parametrize(
    ("break_part", "readiness", "failed", "unknown"),
    [
        (redis_of, (503, ["redis"]), {"redis"}, {"worker", "beat", "clocks"}),
        (worker_of, (200, []), {"worker"}, set()),
        (beat_of, (200, []), {"beat"}, set()),
        (model_of, (200, []), {"models"}, set()),
    ],
    ids=["redis", "worker", "beat", "model"],
)
def test_a_part_that_hangs_is_named_and_history_is_read(
    product, staff, break_part, readiness, failed, unknown
):
    before = staff.get(staff.history).json()["results"]
    with break_part(product):
        found = parts_in(staff, "failed"), parts_in(staff, "unknown")
        assert is_live(staff)
        assert ready(staff) == readiness
        assert staff.get(staff.history).json()["results"] == before
    assert found == (failed, unknown)
    assert len(before) == 2


def test_a_database_that_hangs_is_named_in_time(product, staff):
    with hanging(server_processes(product, "postgresql")):
        began = time.monotonic()
        answers = [ready(staff) for _ in range(2)]
        assert time.monotonic() - began < 2 * SECONDS
        assert is_live(staff)
        told = examine(product.environment, "--json")

    report = json.loads(told.stdout)
    assert answers == [(503, ["database"])] * 2
    assert (told.returncode, report["ok"], report["checks"]) == (1, False, [])
    assert report["parts"]["database"]["status"] == "failed"
    assert report["parts"]["database"]["remedy"]
    assert report["parts"]["queue"]["waits_for"] == "database"
    assert report["parts"]["worker"]["status"] == "ok"
    wait_until(lambda: ready(staff) == (200, []), despite=AWAY)


def test_pages_and_programs_are_told_of_a_database_that_hangs(product, staff):
    paths = ["/v1/sessions", "/v1/chat/completions", "/v1/collections", staff.history]
    with hanging(server_processes(product, "postgresql")), ThreadPoolExecutor() as threads:
        first = list(threads.map(staff.get, paths))
        began = time.monotonic()
        later = staff.get("/v1/sessions")
        assert time.monotonic() - began < SECONDS

    for told in [*first, later]:
        assert told.status_code == 503
        assert "The database does not answer" in told.text
    wait_until(lambda: staff.get("/v1/sessions").status_code == 200, despite=AWAY)


def test_the_command_names_everything_that_is_broken(product, staff):
    with tools_of(product), worker_of(product), beat_of(product), model_of(product):
        told = examine(environment_of(product.web), DISK_WARNING_MB="1000000000")
        lines = told.stdout.splitlines()
        warned = staff.get("/health/detailed").json()["tool_servers"]

    broken = {line.split(":")[0]: number for number, line in enumerate(lines) if ": " in line}
    assert told.returncode == 1
    assert {"failed  worker", "failed  beat", "failed  models"} <= set(broken)
    assert {"warn    disk", "warn    tool_servers"} <= set(broken)
    told_of = [name for name in broken if name.startswith(("failed  ", "warn    "))]
    assert len(told_of) == 5
    assert all(lines[broken[name] + 1].startswith(" " * 8) for name in told_of)
    assert "ok      database" in lines
    assert "ok      stray-vectors" in lines
    assert (warned["status"], warned["warning"]) == ("ok", True)
    assert warned["detail"].startswith("broken: ")


def test_the_command_works_where_little_else_does(product):
    environment = environment_of(product.web)
    server, _, _name = environment["DATABASE_URL"].rpartition("/")

    closed = examine(environment, DATABASE_URL="postgres://somebody@127.0.0.1:1/nothing")
    empty = examine(environment, DATABASE_URL=f"{server}/postgres")
    models = examine(environment, "--models", DATABASE_URL=f"{server}/postgres")
    unkeyed = examine(environment, SECRET_KEY="", SECRET_KEY_FILE="")

    assert {done.returncode for done in (closed, empty, models, unkeyed)} == {1}
    assert "failed  database: " in closed.stdout
    assert "unknown queue: not looked at, because of the part database" in closed.stdout
    assert "ok      database" in empty.stdout
    assert "failed  migrations: " in empty.stdout
    assert "Run `manage.py migrate`" in empty.stdout
    assert "failed  migrations: " in models.stdout
    assert unkeyed.stdout == ""
    assert unkeyed.stderr.count("\n") == 1
    assert "SECRET_KEY" in unkeyed.stderr
