"""What users keep when processes die, and that two web processes behave as one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import orjson
import pytest

from youworker.bench.chat import model_double
from youworker.bench.product import free_port, running_product
from youworker.common.config import BASE_DIR

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

SLOW = "[[tokens=400,rate=40]]"


@pytest.fixture(scope="module")
def product():
    with model_double() as port:
        url = f"http://127.0.0.1:{port}/v1"
        with running_product(LLM_BASE_URL=url, RUN_LEASE_SECONDS="5", LOG_LEVEL="ERROR") as running:
            yield running


@pytest.fixture
def client(product):
    headers = {"Authorization": f"Bearer {product.api_key}"}
    with httpx.Client(base_url=product.base_url, headers=headers, timeout=30) as opened:
        yield opened


def ask(client, text):
    session = client.post("/v1/sessions", json={}).json()["id"]
    posted = client.post(f"/v1/sessions/{session}/messages", json={"text": text})
    assert posted.status_code == 202, posted.text
    return session, posted.json()["run"]["id"]


def eventually(probe, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            found = probe()
        except httpx.HTTPError:
            found = None
        if found:
            return found
        time.sleep(0.3)
    raise AssertionError("it did not happen in time")


def events_of(client, run, after=0, until="done"):
    seen = []
    with client.stream("GET", f"/v1/runs/{run}/events", params={"after": after}) as answer:
        for line in answer.iter_lines():
            if line.startswith("id: "):
                seen.append({"seq": int(line[4:])})
            elif line.startswith("event: "):
                seen[-1]["type"] = line[7:]
            elif line.startswith("data: "):
                seen[-1].update(orjson.loads(line[6:]))
                if until in (seen[-1]["type"], len(seen)):
                    return seen
    return seen


def text_of(events):
    return "".join(event["text"] for event in events if event["type"] == "token")


@contextmanager
def second_web(product):
    """Another web process of the same installation, on a port of its own."""
    raw = Path(f"/proc/{product.web.pid}/environ").read_bytes().split(b"\0")
    environment = dict(part.decode().split("=", 1) for part in raw if b"=" in part)
    port = free_port()
    command = [sys.executable, "-m", "youworker.server", "--port", str(port)]
    other = subprocess.Popen(command, cwd=BASE_DIR, env=environment)
    try:
        headers = {"Authorization": f"Bearer {product.api_key}"}
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, headers=headers, timeout=30) as opened:
            eventually(lambda: opened.get("/health/live").status_code == 200)
            yield opened
    finally:
        other.terminate()
        other.wait(15)


def test_two_web_processes_behave_as_one(product, client):
    with second_web(product) as other:
        _, run = ask(client, SLOW)
        first = events_of(other, run, until=5)
        stopped = other.post(f"/v1/runs/{run}/stop")
        rest = events_of(client, run, after=first[-1]["seq"])

        assert stopped.status_code == 202
        assert rest[0]["seq"] == first[-1]["seq"] + 1
        assert rest[-1]["status"] == "stopped"
        assert text_of(first + rest) == rest[-1]["message"]["content"]
        assert other.get(f"/v1/runs/{run}").json()["status"] == "stopped"


def test_a_killed_web_process_loses_less_than_a_second_of_an_answer(product, client):
    session, run = ask(client, SLOW)
    time.sleep(3)
    seen = text_of(events_of(client, run, until=60))
    os.kill(product.web.pid, signal.SIGKILL)

    ended = eventually(
        lambda: (found := client.get(f"/v1/runs/{run}").json())["status"] != "running" and found
    )
    question, answer = client.get(f"/v1/sessions/{session}/messages").json()["results"]
    again = client.post("/v1/chat", json={"text": "[[tokens=5]]", "session_id": session})

    assert (ended["status"], ended["error"]["code"]) == ("interrupted", "interrupted")
    assert question["content"] == SLOW
    assert answer["content"].startswith(seen)
    assert events_of(client, run)[-1]["status"] == "interrupted"
    assert again.json()["message"]["content"].split() == ["tok"] * 5
