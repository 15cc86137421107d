"""Many at once, and slow ones among them, on the whole product: everybody else is served."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from youworker.core.config import BASE_DIR, config
from youworker.core.db import divide_pool
from youworker.tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

VIEWERS, DOWNLOADS, QUESTIONS = 40, 12, 150
# More than all buffers between the two programs hold, also when it is packed.
ORIGINAL_BYTES = 12_000_000


@pytest.fixture(scope="module")
def product(running_product):
    return running_product


@pytest.fixture(scope="module")
def client(product):
    with client_of_product(product) as opened:
        yield opened


def client_of_product(product):
    headers = {"Authorization": f"Bearer {product.api_key}"}
    limits = httpx2.Limits(max_connections=None)
    return httpx2.Client(base_url=product.base_url, headers=headers, timeout=120, limits=limits)


def statuses(client, method, path, count, **options):
    """How `count` requests that are sent together are answered."""
    with ThreadPoolExecutor(count) as threads:
        sent = [threads.submit(client.request, method, path, **options) for _ in range(count)]
        return Counter(each.result().status_code for each in sent)


def admin_key(product):
    command = [sys.executable, "manage.py", "create_api_key", "bench", "--name", "admin"]
    made = subprocess.run(
        [*command, "--scopes", "admin"],
        cwd=BASE_DIR,
        env=product.environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.strip()


def open_slowly(product, opened, path):
    """Ask for something and read no more than the first line of the answer."""
    reader = opened.enter_context(socket.socket())
    # Set before connecting, so that little of the answer fits on the way.
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.settimeout(30)
    reader.connect((product.host, product.port))
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {product.api_key}\r\n\r\n"
    reader.sendall(head.encode())
    return reader.recv(12)


def upload(client, size):
    content = os.urandom(size // 2).hex().encode()
    posted = client.post(
        "/v1/ingestion/uploads", files={"files": (f"{size}.txt", content, "text/plain")}
    )
    assert posted.status_code == 202, posted.text
    title = f"{size}.txt"
    return wait_until(
        lambda: next(
            (
                row["id"]
                for row in client.get("/v1/documents").json()["results"]
                # Its vectors take long, and nobody asks for them here.
                if row["title"] == title and row["status"] in {"searchable", "ready"}
            ),
            None,
        )
    )


def export(product, client):
    proof = {"password": product.environment["ADMIN_PASSWORD"]}
    made = client.post("/v1/account/exports", json=proof)
    assert made.status_code == 202, made.text
    path = f"/v1/account/exports/{made.json()['id']}"
    wait_until(lambda: client.get(path).json()["status"] == "ready")
    return f"{path}/download"


def test_questions_that_come_together_are_all_answered(client):
    # The first test: the process has answered nobody yet.
    answers = statuses(client, "POST", "/v1/chat", QUESTIONS, json={"text": "[[tokens=5]]"})

    assert answers == {200: QUESTIONS}


def test_viewers_and_slow_downloads_hold_no_connection(product, client):
    watcher = httpx2.Client(
        base_url=product.base_url, headers={"X-API-Key": admin_key(product)}, timeout=60
    )
    document = upload(client, ORIGINAL_BYTES)
    copy = export(product, client)
    session = client.post("/v1/sessions", json={}).json()["id"]
    asked = client.post(f"/v1/sessions/{session}/messages", json={"text": "[[tokens=400,rate=10]]"})
    run = asked.json()["run"]["id"]
    with ExitStack() as opened:
        opened.enter_context(watcher)
        paths = [f"/v1/runs/{run}/events"] * VIEWERS
        paths += [f"/v1/documents/{document}/content", copy] * DOWNLOADS
        begun = [open_slowly(product, opened, path) for path in paths]

        pools = [watcher.get("/health/detailed").json()["database"]["pool"] for _ in range(20)]
        others = statuses(client, "GET", "/v1/sessions", 30)
        goes_on = client.get(f"/v1/runs/{run}").json()["status"]
    client.post(f"/v1/runs/{run}/stop")
    # Or other tests on this product would share the processors with its vectors for minutes.
    client.delete(f"/v1/documents/{document}")

    assert begun == [b"HTTP/1.1 200"] * len(paths)
    assert others == {200: 30}
    assert goes_on == "running"
    # One asks here, and viewers' access is looked at in between; nobody stays.
    assert min(pool["in_use"] for pool in pools) == 1
    assert {pool["waiting"] for pool in pools} == {0}


def test_one_caller_leaves_room_for_others(product, client):
    lanes = divide_pool(config.database.pool_size)
    with (
        httpx2.Client(
            base_url=product.base_url, headers={"X-API-Key": admin_key(product)}, timeout=60
        ) as watcher,
        ThreadPoolExecutor(60) as threads,
    ):
        for _ in range(60):
            threads.submit(client.get, "/v1/sessions", params={"search": "nothing"})
        pools = [watcher.get("/health/detailed").json()["database"]["pool"] for _ in range(5)]

    assert max(pool["in_use"] for pool in pools) < lanes.requests
    assert {pool["waiting"] for pool in pools} == {0}


def first_word(path):
    """The first word of a file; empty while there is none, or nothing in it yet."""
    try:
        return path.read_text().partition("\n")[0]
    except FileNotFoundError:
        return ""


def test_nobody_notices_that_postgresql_was_restarted(mortal_product):
    folder = Path(mortal_product.environment["DATA_DIR"])
    (pid_file,) = folder.rglob("postmaster.pid")
    with client_of_product(mortal_product) as client:
        statuses(client, "GET", "/v1/sessions", 40)
        former = pid_file.read_text().split()[0]
        os.kill(int(former), signal.SIGINT)
        wait_until(lambda: first_word(pid_file) not in {"", former})
        wait_until(lambda: client.get("/health/ready").status_code == 200)

        answers = statuses(client, "GET", "/v1/sessions", 30)
        questions = statuses(client, "POST", "/v1/chat", 5, json={"text": "[[tokens=5]]"})

        assert (answers, questions) == ({200: 30}, {200: 5})
        assert upload(client, 2000)
