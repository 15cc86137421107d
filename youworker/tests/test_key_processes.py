"""Keys and the processes of a running installation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from cryptography.fernet import Fernet

from youworker.core.config import BASE_DIR
from youworker.tests.support.ports import free_port
from youworker.tests.support.processes import environment_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
def client(mortal_product):
    headers = {"Authorization": f"Bearer {mortal_product.api_key}"}
    with httpx2.Client(base_url=mortal_product.base_url, headers=headers, timeout=30) as opened:
        yield opened


def chat(client, text):
    answer = client.post("/v1/chat", json={"text": text})
    assert answer.status_code == 200, answer.text
    return answer.json()["session_id"]


def said(client, session):
    rows = client.get(f"/v1/sessions/{session}/messages").json()["results"]
    return [row["content"].split() for row in rows]


def manage(product, *arguments):
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command,
        cwd=BASE_DIR,
        env=product.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_running_server_reads_and_writes_through_a_whole_rotation(mortal_product, client):
    question = "[[tokens=3]]"
    before = chat(client, question)
    expected = [[question], ["tok"] * 3]
    web = mortal_product.web.pid

    rotated = manage(mortal_product, "rotate_message_keys", "--new")
    between = chat(client, question)
    answers = [said(client, session) for session in (before, between)]
    dropped = manage(mortal_product, "rotate_message_keys", "--drop-old")
    after = chat(client, question)
    answers += [said(client, session) for session in (before, between, after)]

    assert (rotated.returncode, dropped.returncode) == (0, 0), rotated.stderr + dropped.stderr
    assert answers == [expected] * 5
    assert mortal_product.web.pid == web
    folder = Path(mortal_product.environment["DATA_DIR"])
    keys = (folder / "secrets" / "message_encryption_keys").read_text()
    assert "," not in keys
    web_process = mortal_product.web
    web_process.kill()
    web_process.wait(20)
    started = manage(mortal_product, "rotate_message_keys", "--dry-run")
    assert "0 still with older keys, 0 damaged" in started.stdout


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "youworker.server", "--port", "{port}"],
        ["-m", "celery", "--quiet", "-A", "youworker", "worker", "--concurrency", "1"],
        ["manage.py", "ask", "How?"],
    ],
)
def test_no_process_starts_with_a_wrong_key(running_product, command):
    worker = running_product.children("celery")[0]
    environment = os.environ | environment_of(worker)
    environment |= {
        "MESSAGE_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "MESSAGE_ENCRYPTION_KEYS_FILE": "",
    }
    line = [sys.executable, *(part.format(port=free_port()) for part in command)]

    started = subprocess.run(
        line,
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert started.returncode == 1
    assert "youworker: MESSAGE_ENCRYPTION_KEYS has none of the keys" in started.stderr
    assert "Traceback" not in started.stderr
