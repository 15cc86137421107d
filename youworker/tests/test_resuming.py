"""Answers that one web process begins and another one ends."""

from __future__ import annotations

import json
import signal
import socket
import sys
import threading
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path

import httpx2
import pytest

from youworker.core.config import BASE_DIR
from youworker.tests.bench.product import run_command
from youworker.tests.support.waiting import wait_until
from youworker.tests.test_survival import (
    AWAY,
    ask,
    client,
    ended,
    events_of,
    product,
    second_process,
    text_of,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
__all__ = ["client", "product"]

PROGRAM = BASE_DIR / "mcp/tests/programs/ledger.py"
# A call that goes on until its process is gone.
ENDLESS = "120"


def add_ledger(product, slug, seconds="0"):
    """Add a tool server that counts its calls, each of which has to be allowed; its ledger."""
    ledger = Path(product.environment["DATA_DIR"]) / slug
    argv = [sys.executable, str(PROGRAM), str(ledger), seconds]
    printed = run_command(product.environment, "add_mcp_server", slug, "--argv", *argv)
    assert printed.endswith("1 tools")
    return ledger


def calls_in(ledger):
    return len(ledger.read_text().splitlines()) if ledger.exists() else 0


class Viewer:
    """Somebody who watches a run from its beginning to its end, from another thread."""

    def __init__(self, product, run):
        self.events = []
        self.thread = threading.Thread(target=self.watch, args=(product, run))
        self.thread.start()

    def watch(self, product, run):
        headers = {"Authorization": f"Bearer {product.api_key}"}
        with httpx2.Client(base_url=product.base_url, headers=headers, timeout=60) as opened:
            self.events = events_of(opened, run)

    def seen(self):
        self.thread.join(60)
        return self.events


class Follower(Viewer):
    """Somebody who watches at one process and, when that is gone, goes on at another."""

    def __init__(self, product, run, *urls):
        self.urls = urls
        super().__init__(product, run)

    def watch(self, product, run):
        headers = {"Authorization": f"Bearer {product.api_key}"}
        for url in self.urls:
            with (
                suppress(*AWAY),
                httpx2.Client(base_url=url, headers=headers, timeout=60) as opened,
            ):
                self.events += events_of(opened, run, after=len(self.events))
            if self.events and self.events[-1]["type"] == "done":
                return


def waiting(client, run):
    return wait_until(
        lambda: client.get(f"/v1/runs/{run}").json()["status"] == "waiting_approval", despite=AWAY
    )


def are_whole(events):
    return [event["seq"] for event in events] == list(range(1, len(events) + 1))


def steps(events):
    return [event["status"] for event in events if event["type"] == "tool"]


def test_a_call_is_allowed_after_the_process_that_asked_was_killed(product, client):
    ledger = add_ledger(product, "ledger")
    with second_process(product) as (process, other):
        _, run = ask(other, "[[tool=ledger__note]] It was noted.")
        viewer = Viewer(product, run)
        waiting(other, run)
        process.send_signal(signal.SIGKILL)
        process.wait(15)

        (call,) = client.get("/v1/approvals").json()["results"]
        url = f"/v1/runs/{run}/approvals/{call['id']}"
        allowed = client.post(url, json={"decision": "allow"})
        again = client.post(url, json={"decision": "allow"})
        found, seen = ended(client, run), viewer.seen()

    log = events_of(client, run)
    assert (call["run_id"], call["status"], call["tool"]) == (run, "waiting", "ledger.note")
    assert (allowed.status_code, again.status_code) == (200, 409)
    assert (found["status"], calls_in(ledger)) == ("succeeded", 1)
    assert are_whole(log)
    assert [event["type"] for event in log].count("done") == 1
    assert steps(log) == ["approval", "start", "end"]
    assert seen == log
    assert client.get("/v1/approvals").json()["results"] == []


def test_a_call_that_was_under_way_when_its_process_died_is_not_repeated(product, client):
    ledger = add_ledger(product, "endless", ENDLESS)
    with second_process(product) as (process, other):
        _, run = ask(other, "[[tool=endless__note]] It was noted, perhaps.")
        waiting(other, run)
        (call,) = other.get("/v1/approvals").json()["results"]
        viewer = Viewer(product, run)
        other.post(f"/v1/runs/{run}/approvals/{call['id']}", json={"decision": "allow"})
        wait_until(lambda: calls_in(ledger) == 1)
        process.send_signal(signal.SIGKILL)
        process.wait(15)
        found, seen = ended(client, run), viewer.seen()

    assert (found["status"], calls_in(ledger)) == ("succeeded", 1)
    assert steps(seen) == ["approval", "start", "error"]
    assert are_whole(seen)


def test_an_answer_that_had_not_begun_survives_the_orderly_end_of_its_process(product, client):
    with second_process(product) as (process, other):
        _, run = ask(other, "[[first_ms=12000,tokens=5]]")
        viewer = Viewer(product, run)
        wait_until(
            lambda: client.get(f"/v1/runs/{run}").json()["status"] == "running", despite=AWAY
        )
        process.terminate()
        process.wait(30)
        found, seen = ended(client, run), viewer.seen()

    assert found["status"] == "succeeded"
    assert text_of(seen).split() == ["tok"] * 5
    assert are_whole(seen)


def begin_work(product, client):
    """Answers that are being made at a process, a call that waits there, and a silent session."""
    runs = [ask(client, "[[tokens=300,rate=20]]")[1] for _ in range(3)]
    followers = {run: Follower(product, run, client.base_url, product.base_url) for run in runs}
    _, asking = ask(client, "[[tool=rolling__note]] It was noted.")
    waiting(client, asking)
    session = client.post("/v1/sessions", json={}).json()["id"]
    for run in runs:
        events_of(client, run, until=5)
        assert client.get(f"/v1/runs/{run}").json()["status"] == "running"
    return followers, asking, session


def end_while_it_works(process, client, session):
    """Have a process end; the run of a question that still reaches it, on a connection it keeps."""
    kept = HTTPConnection(client.base_url.host, client.base_url.port, timeout=30)
    with closing(kept):
        kept.request("GET", "/health/live")
        kept.getresponse().read()
        kept.auto_open = 0
        process.terminate()
        wait_until(lambda: not is_listening(client))
        headers = {
            "Authorization": client.headers["authorization"],
            "Content-Type": "application/json",
        }
        question = json.dumps({"text": "[[tokens=5]]"})
        kept.request("POST", f"/v1/sessions/{session}/messages", question, headers)
        answer = kept.getresponse()
        posted = json.loads(answer.read())
    assert (answer.status, answer.headers["connection"]) == (202, "close"), posted
    assert process.wait(90) == 0
    return posted["run"]["id"]


def is_listening(client):
    with suppress(OSError), socket.create_connection((client.base_url.host, client.base_url.port)):
        return True
    return False


def test_a_rolling_restart_loses_no_answer_and_no_approval(product, client):
    ledger = add_ledger(product, "rolling")
    work, late = [], []
    drained = {"DRAIN_SECONDS": "60"}
    with (
        second_process(product, **drained) as (first, one),
        second_process(product, **drained) as (second, two),
    ):
        work.append(begin_work(product, one))
        late.append(end_while_it_works(first, one, work[0][2]))
        with second_process(product, **drained) as (_, instead):
            work.append(begin_work(product, two))
            late += [ask(instead, "[[tokens=5]]")[1], end_while_it_works(second, two, work[1][2])]
            for call in instead.get("/v1/approvals").json()["results"]:
                url = f"/v1/runs/{call['run_id']}/approvals/{call['id']}"
                assert instead.post(url, json={"decision": "allow"}).status_code == 200
            decided = [ended(instead, asking) for _, asking, _ in work]
            found = [ended(instead, run) for run in late]

    assert [run["status"] for run in decided + found] == ["succeeded"] * 5
    assert calls_in(ledger) == 2
    for followers, _, _ in work:
        for run, follower in followers.items():
            seen = follower.seen()
            assert client.get(f"/v1/runs/{run}").json()["status"] == "succeeded"
            assert are_whole(seen)
            assert text_of(seen).split() == ["tok"] * 300
