"""An installation is lost, and comes back from its backup; who was erased since does not."""

import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager

import httpx2
import pytest

from youworker.core.config import BASE_DIR
from youworker.tests.bench.product import make_people, product_in, run_command
from youworker.tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

WRITE_ERASED = """
from pathlib import Path
from youworker.backup.erased import write_erased
from youworker.backup.places import BackupPlace
write_erased(BackupPlace(Path({folder!r})))
"""
# In one process: starting one takes longer than what it waits for.
AWAIT_REMOVAL = """
import time
from accounts.models import User
until = time.monotonic() + 60
while User.objects.filter(username={name!r}).exists() and time.monotonic() < until:
    time.sleep(0.2)
print(User.objects.filter(username={name!r}).count())
"""
NAMES = [f"paper{number}.txt" for number in range(6)]
QUIET = {"LLM_BASE_URL": "", "EMBEDDING_BASE_URL": "", "LOG_LEVEL": "WARNING"}


def client_of(product, key):
    headers = {"Authorization": f"Bearer {key}"}
    return httpx2.Client(base_url=product.base_url, headers=headers, timeout=60)


def ask(client, text):
    answer = client.post("/v1/chat", json={"text": text})
    assert answer.status_code == 200, answer.text
    return answer.json()


def upload(client, name, text):
    files = [("files", (name, text.encode(), "text/plain"))]
    accepted = client.post("/v1/ingestion/uploads", files=files)
    assert accepted.status_code == 202, accepted.text
    path = f"/v1/ingestion/runs/{accepted.json()['id']}"
    wait_until(lambda: client.get(path).json()["status"] == "succeeded", seconds=60)


def manage(folder, *arguments):
    """Run a command in an installation that does not run."""
    environment = {"PATH": "/usr/bin:/bin", "DATA_DIR": str(folder), **QUIET}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def somebody_asking(product, key):
    """Ask one question after the other for as long as the block lasts; at least one."""
    over, asked = threading.Event(), []

    def work():
        with client_of(product, key) as client:
            while not (over.is_set() and asked):
                asked.append(ask(client, "How high is tower 2?")["status"])

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join()
    assert set(asked) == {"succeeded"}


def note_erased(product, backups):
    """Do what the schedule does between two backups."""
    run_command(product.environment, "shell", "-v0", "-c", WRITE_ERASED.format(folder=str(backups)))


def fill(product, stays, goes):
    """Have two people use an installation; a conversation of one of them."""
    with client_of(product, stays.api_key) as client:
        for number, name in enumerate(NAMES):
            upload(client, name, f"The tower number {number} is {number}11 metres high.")
        session = ask(client, "How high is tower number 4?")["session_id"]
    with client_of(product, goes.api_key) as client:
        ask(client, "Who am I?")
    return session


def check_content(product, stays, session):
    """Everything of somebody is there, and their work goes on."""
    with client_of(product, stays.api_key) as client:
        said = client.get(f"/v1/sessions/{session}/messages").json()["results"]
        assert [message["role"] for message in said] == ["user", "assistant"]
        assert "411 metres" in said[1]["content"]
        found = client.post("/v1/search", json={"query": "tower number 5"}).json()["results"]
        document = found[0]["document"]["id"]
        assert b"511 metres" in client.get(f"/v1/documents/{document}/content").content
        assert client.get("/v1/documents").json()["count"] == len(NAMES)
        upload(client, "later.txt", "Life goes on.")


def check_gone(product, goes):
    """Somebody may do nothing, and is removed as soon as a worker runs."""
    with client_of(product, goes.api_key) as client:
        assert client.get("/v1/auth/me").status_code == 401
    removal = AWAIT_REMOVAL.format(name=goes.username)
    assert run_command(product.environment, "shell", "-v0", "-c", removal) == "0"


def test_everything_acknowledged_comes_back_and_the_erased_do_not(tmp_path):
    old, new, backups = tmp_path / "old", tmp_path / "new", tmp_path / "backups"
    phrase = tmp_path / "phrase"
    phrase.write_text("of three words")
    sealed = ("--passphrase-file", str(phrase))
    old.mkdir()
    with product_in(old, **QUIET) as product:
        stays, goes = make_people(product, 2)
        session = fill(product, stays, goes)
        with somebody_asking(product, stays.api_key):
            run_command(product.environment, "backup", str(backups), *sealed, "--with-keys")
        run_command(product.environment, "erase_account", goes.username, "--yes")
        note_erased(product, backups)
        assert "Stop the product first" in manage(old, "restore", str(backups), *sealed).stderr

    assert "not empty" in manage(old, "restore", str(backups), *sealed).stderr
    foreign = manage(new, "restore", str(backups), *sealed)
    assert "belongs to an installation with the key" in foreign.stderr

    shutil.copytree(old / "secrets", new / "secrets", dirs_exist_ok=True)
    shutil.rmtree(old)
    restored = manage(new, "restore", str(backups), *sealed)
    assert restored.returncode == 0, restored.stderr
    assert f"{len(NAMES)} originals" in restored.stdout
    assert "1 people who were erased since" in restored.stdout
    with product_in(new, **QUIET) as product:
        check_content(product, stays, session)
        check_gone(product, goes)
        assert "entries, head" in run_command(product.environment, "audit_verify")
