"""Model servers of the console over two web processes: seen by both, not overfilled, not lost."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from youworker.core.config import BASE_DIR
from youworker.tests.support.model_server import ModelServer
from youworker.tests.support.waiting import wait_until
from youworker.tests.test_survival import (  # noqa: F401 -- fixtures among them
    AWAY,
    ask,
    client,
    ended,
    events_of,
    product,
    second_process,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

MODEL = "org/big-model.v2:8b"
SAVE = """
from accounts.models import User
from chat.models import ModelServer
from chat.services.model_servers import delete_model_server, save_model_server
root = User.objects.superuser()
row = ModelServer.objects.filter(name="late").first() or ModelServer(name="late")
row.url, row.max_runs = {url!r}, {room}
if row.url:
    save_model_server(row, key="sk-late-secret-1", fields=["url", "max_runs"], actor=root)
else:
    delete_model_server(row, actor=root)
"""


def save_server(product, url, room=2):  # noqa: F811 -- a fixture's name
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", SAVE.format(url=url, room=room)],
        cwd=BASE_DIR,
        env=product.environment,
        check=True,
    )


def lists(opened):
    return MODEL in [row["id"] for row in opened.get("/v1/models").json()["data"]]


def begin(opened, text):
    session = opened.post("/v1/sessions", json={"model": MODEL}).json()["id"]
    posted = opened.post(f"/v1/sessions/{session}/messages", json={"text": text})
    assert posted.status_code == 202, posted.text
    return posted.json()["run"]["id"]


def test_two_processes_share_the_room_of_a_server_that_staff_added(product, client):  # noqa: F811
    with ModelServer(models=(MODEL,)) as double, second_process(product) as (process, other):
        save_server(product, double.base_url)
        began = time.monotonic()
        wait_until(lambda: lists(client) and lists(other), despite=AWAY)
        assert time.monotonic() - began < 15

        runs = [begin(each, "[[tokens=60,rate=60]]") for each in (client, other) * 3]
        told = events_of(client, runs[-1])
        found = [ended(client, run) for run in runs]

        assert [run["status"] for run in found] == ["succeeded"] * 6
        assert double.state.most_streaming == 2
        assert {event["position"] for event in told if event.get("position")} >= {1}
        assert double.chats[0].headers["authorization"] == "Bearer sk-late-secret-1"

        # One process is killed while it makes an answer; the room of that answer is used again.
        slow = [begin(other, "[[tokens=4000,rate=20]]") for _ in range(2)]
        wait_until(lambda: double.state.streaming == 2)
        waiting = begin(client, "[[tokens=5]]")
        process.kill()
        process.wait(10)
        killed = time.monotonic()
        assert ended(client, waiting)["status"] == "succeeded"
        assert time.monotonic() - killed < 60
        for run in slow:
            client.post(f"/v1/runs/{run}/stop")
        assert double.state.most_streaming == 2
        save_server(product, "")
        wait_until(lambda: not lists(client), despite=AWAY)
    assert "sk-late-secret-1" not in json.dumps(found)
