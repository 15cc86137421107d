"""What users keep when processes die, and that two web processes behave as one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from uuid import UUID

import httpx2
import orjson
import pytest
from redis import Redis
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from chat.events import log_key
from youworker.core.config import BASE_DIR
from youworker.tests.bench.product import second_web as start_second_web
from youworker.tests.support.processes import environment_of, hanging, server_processes
from youworker.tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

SLOW = "[[tokens=400,rate=40]]"
# It goes on for longer than any machine needs to start a command.
LONG = "[[tokens=4000,rate=40]]"
# What it looks like when a process is away.
AWAY = (httpx2.HTTPError,)


@pytest.fixture(scope="module")
def product(mortal_product):
    return mortal_product


@pytest.fixture
def client(product):
    headers = {"Authorization": f"Bearer {product.api_key}"}
    with httpx2.Client(base_url=product.base_url, headers=headers, timeout=30) as opened:
        yield opened


def ask(client, text):
    session = client.post("/v1/sessions", json={}).json()["id"]
    posted = client.post(f"/v1/sessions/{session}/messages", json={"text": text})
    assert posted.status_code == 202, posted.text
    return session, posted.json()["run"]["id"]


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
    """Another web process of the same installation, on a port of its own; its client."""
    with second_process(product) as (_, client):
        yield client


@contextmanager
def second_process(product, **settings):
    """Another web process of the same installation, on a port of its own, and its client."""
    with start_second_web(product, **settings) as (other, port):
        headers = {"Authorization": f"Bearer {product.api_key}"}
        url = f"http://127.0.0.1:{port}"
        with httpx2.Client(base_url=url, headers=headers, timeout=30) as opened:
            wait_until(lambda: opened.get("/health/live").status_code == 200, despite=AWAY)
            yield other, opened


def ended(client, run):
    """The run, once it is over."""

    def look():
        found = client.get(f"/v1/runs/{run}").json()
        return found["status"] not in ("queued", "running") and found

    return wait_until(look, despite=AWAY)


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

    ended = wait_until(
        lambda: (found := client.get(f"/v1/runs/{run}").json())["status"] != "running" and found,
        despite=AWAY,
    )
    question, answer = client.get(f"/v1/sessions/{session}/messages").json()["results"]
    again = client.post("/v1/chat", json={"text": "[[tokens=5]]", "session_id": session})

    assert (ended["status"], ended["error"]["code"]) == ("interrupted", "interrupted")
    assert question["content"] == SLOW
    assert answer["content"].startswith(seen)
    assert events_of(client, run)[-1]["status"] == "interrupted"
    assert again.json()["message"]["content"].split() == ["tok"] * 5


ACT = """
from accounts.models import ApiKey, User
from accounts.services import create_api_key
user, _ = User.objects.get_or_create(username="leaver")
user.is_active = {active}
user.save()
if user.is_active:
    print(create_api_key(user, name="k", scopes=["chat", "documents.read"], actor=user)[1])
"""


def act(product, *, active):
    """Make the leaver, or deactivate them, from outside both web processes."""
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", ACT.format(active=active)],
        cwd=BASE_DIR,
        env=product.environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.split()[-1] if active else None


def closing_code(socket):
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            socket.recv(timeout=10)
    return closed.value.rcvd.code


def test_deactivating_somebody_ends_all_he_has_open_in_every_process(product):
    headers = {"Authorization": f"Bearer {act(product, active=True)}"}
    with ExitStack() as opened:
        bases = [product.base_url, str(opened.enter_context(second_web(product)).base_url)]
        leaver = httpx2.Client(base_url=bases[0], timeout=30, headers=headers)
        opened.enter_context(leaver)
        session, run = ask(leaver, LONG)
        sockets = [
            opened.enter_context(
                connect(f"ws{base[4:].rstrip('/')}{path}", additional_headers=headers)
            )
            for base in bases
            for path in (f"/ws/chat/{session}", "/ws/ingestion")
        ]
        urls = [f"{base.rstrip('/')}/v1/runs/{run}/events" for base in bases]
        streams = [opened.enter_context(leaver.stream("GET", url)).iter_lines() for url in urls]
        begun = ["".join(next(lines) for _ in range(8)) for lines in streams]

        act(product, active=False)
        codes = [closing_code(socket) for socket in sockets]
        rest = ["".join(lines) for lines in streams]
        refused = leaver.get(f"/v1/runs/{run}").status_code
        act(product, active=True)
        ended = leaver.get(f"/v1/runs/{run}").json()
        text = leaver.get(f"/v1/sessions/{session}/messages").json()["results"][1]["content"]

    assert all("tok" in lines for lines in begun)
    assert codes == [4401] * 4
    assert refused == 401
    assert not any('"status":"succeeded"' in lines for lines in rest)
    assert ended["status"] == "stopped"
    assert text.startswith("tok")


def test_a_web_process_that_ends_in_order_writes_the_end_of_its_answers(product, client):
    with second_process(product) as (other, theirs):
        _, run = ask(theirs, LONG)
        seen = events_of(client, run, until=5)
        other.terminate()
        assert other.wait(15) == 0

    with Redis.from_url(environment_of(product.web)["REDIS_URL"]) as server:
        last = server.xrevrange(log_key(UUID(run)), count=1)[0][1][b"t"]
    rest = events_of(client, run, after=seen[-1]["seq"])

    assert last == b"done"
    assert rest[-1]["status"] == "interrupted"
    assert text_of(seen + rest) == rest[-1]["message"]["content"]


def requests_of(product, text):
    """What the model's server was asked with this text."""
    control = product.environment["LLM_BASE_URL"].replace("/v1", "/control/requests")
    found = httpx2.get(control).json()
    return [each for each in found if text in orjson.dumps(each["body"]).decode()]


def test_a_process_that_slept_through_its_lease_writes_nothing_more(product, client):
    redis = Redis.from_url(environment_of(product.web)["REDIS_URL"])
    with second_process(product) as (process, other):
        session, run = ask(other, LONG)
        events_of(other, run, until=40)
        process.send_signal(signal.SIGSTOP)

        interrupted = ended(client, run)
        text = client.get(f"/v1/sessions/{session}/messages").json()["results"][1]["content"]
        events, length = events_of(client, run), redis.xlen(f"run:{run}")
        process.send_signal(signal.SIGCONT)
        asked = wait_until(
            lambda: [each for each in requests_of(product, LONG) if each["abandoned"]]
        )
        wait_until(lambda: other.get("/health/live").status_code == 200, despite=AWAY)
        time.sleep(2)  # what it could still do, it has done

        later = client.get(f"/v1/runs/{run}").json()
        messages = client.get(f"/v1/sessions/{session}/messages").json()["results"]
        again = events_of(other, run)

    assert interrupted["status"] == "interrupted"
    assert text
    assert text_of(events) == text
    assert [event["type"] for event in events].count("done") == 1
    assert asked[0]["tokens_sent"] < 4000
    assert (later, messages[1]["content"]) == (interrupted, text)
    assert (again, redis.xlen(f"run:{run}")) == (events, length)


def test_a_database_that_hangs_for_longer_than_a_lease_ends_no_answer(product, client):
    asked = [ask(client, "[[tokens=200,rate=40]]") for _ in range(4)]
    for _, run in asked:
        events_of(client, run, until=5)
    with hanging(server_processes(product, "postgresql")):
        time.sleep(15)  # three leases; the model has long told everything

    runs = [ended(client, run) for _, run in asked]
    ends = [events_of(client, run) for _, run in asked]

    assert [run["status"] for run in runs] == ["succeeded"] * 4
    assert all(run["tokens_out"] == 200 for run in runs)
    assert [[each["type"] for each in events].count("done") for events in ends] == [1] * 4
    assert [len(text_of(events).split()) for events in ends] == [200] * 4
