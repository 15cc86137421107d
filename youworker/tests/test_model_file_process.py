"""The process of a model file: what keeps it from serving, and what it survives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import httpx2
import numpy as np
import psutil
import pytest

from documents.embedding import configured_model, embedder_of
from documents.exceptions import VectorsUnusable
from youworker.appliance.commands import model_file
from youworker.appliance.embedded.folders import prepare_socket_dir
from youworker.appliance.model_files import obstacles
from youworker.appliance.model_files.obstacles import find_obstacle, threads_for, usable_cores
from youworker.appliance.model_files.report import describe_files, file_notices
from youworker.appliance.startup_checks import missing_parts
from youworker.core.config import BASE_DIR
from youworker.tests.support.small_model import files_of, serving, small_model_path
from youworker.tests.support.waiting import wait_until
from youworker.upstream.client import LONGEST, sync_client
from youworker.upstream.configured import endpoints_for
from youworker.upstream.endpoint import Capability
from youworker.upstream.model_files.endpoints import ensure_service_key
from youworker.upstream.model_files.state import State, StateFile, Status, read_state

pytestmark = pytest.mark.slow

SUPERVISOR = """
import asyncio, json, sys
from youworker.appliance.child import Child
from youworker.appliance.output import Output
asyncio.run(Child("model", json.loads(sys.argv[1]), Output()).keep_running())
"""


@pytest.fixture
def run(tmp_path):
    """Start the process of a file's settings; gives the settings and the process."""
    started = []

    def start(**settings):
        served = files_of(tmp_path, **settings)
        started.append(served.start(served.files[0]))
        return served, started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def state_of(served):
    return read_state(served.files[0].state_path)


def serving_state(served):
    found = state_of(served)
    return found if found.status == Status.SERVING else None


def wait_for(served, status):
    return wait_until(lambda: state_of(served).status == status and state_of(served))


def request(served, path, body=None):
    """Ask the server of the first file directly."""
    with served.in_force():
        (endpoint,) = endpoints_for(Capability.CHAT)
    with sync_client(endpoint, seconds=60) as client:
        method = "GET" if body is None else "POST"
        url = endpoint.address_of(path)
        return client.request(method, url, json=body, extensions={LONGEST: 1_000_000})


def answer(served):
    body = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 3}
    return request(served, "chat/completions", body).json()["choices"][0]["message"]["content"]


@pytest.fixture
def damaged(tmp_path):
    """A copy of the model with other bytes in it, or fewer."""

    def made(old=b"", new=b"", size=None):
        path = tmp_path / "damaged.gguf"
        path.write_bytes(small_model_path().read_bytes().replace(old, new, 1)[:size])
        return path

    return made


def test_a_missing_file_is_waited_for_and_then_served(run, tmp_path):
    path = tmp_path / "later.gguf"
    served, _ = run(chat=str(path))

    waiting = wait_for(served, Status.WAITING)
    path.symlink_to(small_model_path())
    found = wait_for(served, Status.SERVING)

    assert waiting.reason == f"{path} is missing"
    assert (found.reason, found.context_tokens) == ("", 1024)
    assert answer(served)


def test_what_is_no_model_file_is_said_to_be_none(run, tmp_path):
    path = tmp_path / "notes.gguf"
    path.write_text("These are notes.")
    served, _ = run(chat=str(path))

    reason = wait_for(served, Status.WAITING).reason

    assert reason == f"{path} is not a model file (GGUF): it does not begin like a GGUF file"
    with served.in_force():
        assert list(file_notices()) == [
            f"{reason}: other models answer, or the built-in quote model"
        ]
        (told,) = describe_files()
    assert (told["status"], told["reason"]) == ("waiting", reason)
    assert told["memory_bytes"] > 10_000_000


def test_an_architecture_that_llama_cpp_does_not_know_is_named(run, damaged):
    served, process = run(chat=str(damaged(b"llama", b"zlama")))

    reason = wait_for(served, Status.FAILED).reason

    assert "does not know the architecture 'zlama'" in reason
    assert reason.endswith("a newer xllamacpp may")
    # It does not load the file again and again.
    assert process.poll() is None


def test_half_a_file_is_refused_and_its_other_half_is_noticed(run, damaged):
    path = damaged(size=30_000_000)
    served, _ = run(chat=str(path))
    failed = wait_for(served, Status.FAILED)

    path.unlink()
    path.symlink_to(small_model_path())

    assert "model is corrupted or incomplete" in failed.reason
    assert wait_for(served, Status.SERVING).crashes == 0


def test_a_file_that_ends_the_process_again_and_again_is_left_alone(run, tmp_path):
    served = files_of(tmp_path, chat=str(small_model_path()))
    served.files[0].state_path.parent.mkdir()
    before = StateFile(served.files[0].state_path)
    before.write(State(Status.LOADING, pid=1, crashes=2))
    os.close(before.descriptor)

    run(chat=str(small_model_path()))

    failed = wait_for(served, Status.FAILED)
    assert "crashed 3 times in a row while it loaded" in failed.reason


def test_a_model_that_does_not_fit_into_memory_is_not_loaded(tmp_path, damaged):
    window = (8192).to_bytes(4, "little")
    name = b"llama.context_length" + (4).to_bytes(4, "little")
    path = damaged(name + window, name + (2**31).to_bytes(4, "little"))
    served = files_of(tmp_path, chat=str(path), context_tokens=2_000_000, parallel=64)

    with served.in_force():
        reason = find_obstacle(served.files[0])

    assert "of memory and" in reason
    assert "GGUF_CONTEXT_TOKENS" in reason
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (3, 2), (16, 15)])
def test_a_processor_is_left_to_everybody_else(cores, threads):
    assert threads_for(cores) == threads


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "is missing"), (b"\xff\xfe", "cannot be read: it is no text")]
)
def test_a_template_that_cannot_be_read_is_said(tmp_path, content, reason):
    template = tmp_path / "t.jinja"
    if content is not None:
        template.write_bytes(content)
    served = files_of(tmp_path, chat=str(small_model_path()), template=str(template))

    with served.in_force():
        assert find_obstacle(served.files[0]) == f"{template} {reason}"


def test_without_the_wheel_the_notice_says_how_to_get_it(tmp_path, monkeypatch):
    served = files_of(tmp_path, chat=str(small_model_path()))
    monkeypatch.setattr(obstacles, "WHEEL", "no_such_wheel")

    with served.in_force():
        (notice,) = file_notices()

    assert "requirements-gguf.txt" in notice


def test_only_who_has_the_key_is_served_and_the_socket_is_the_owners(tmp_path):
    with serving(files_of(tmp_path, chat=str(small_model_path()))) as served:
        socket = served.files[0].socket
        with httpx2.Client(transport=httpx2.HTTPTransport(uds=str(socket))) as stranger:
            refused = stranger.get("http://localhost/v1/models")
            forged = stranger.get("http://localhost/slots", headers={"Authorization": "Bearer no"})
        listed = request(served, "models").json()["data"]

    assert (refused.status_code, forged.status_code) == (401, 401)
    assert [row["id"] for row in listed] == [served.files[0].name]
    assert socket.stat().st_mode & 0o077 == 0


def test_the_log_tells_neither_the_key_nor_what_people_ask(tmp_path):
    served = files_of(tmp_path, chat=str(small_model_path()))
    prepare_socket_dir(tmp_path)
    process = subprocess.Popen(
        model_file(served.files[0]),
        env=served.environment(),
        cwd=BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_for(served, Status.SERVING)
    request(
        served, "chat/completions", {"messages": [{"role": "user", "content": "heron " * 2000}]}
    )
    request(served, "chat/completions", {"messages": "heron"})
    request(served, "chat/completions", {"messages": [{"role": "heron"}]})
    process.terminate()
    printed, _ = process.communicate(timeout=10)

    assert "serves 1024 tokens" in printed
    assert "heron" not in printed
    assert ensure_service_key(tmp_path) not in printed
    assert process.returncode == -signal.SIGTERM


def test_a_model_of_a_folder_sleeps_and_wakes_up_when_it_is_asked(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.gguf").symlink_to(small_model_path())
    settings = {"folder": str(tmp_path / "models"), "idle_seconds": 1}
    with serving(files_of(tmp_path, **settings)) as served:
        program = psutil.Process(read_state(served.files[0].state_path).pid)
        assert answer(served)
        awake = program.memory_info().rss

        wait_until(lambda: program.memory_info().rss < awake - 50_000_000)

        assert answer(served)


@pytest.fixture
def supervised(tmp_path):
    """The small model below a supervisor of its own; gives the settings and the supervisor."""
    served = files_of(tmp_path, chat=str(small_model_path()))
    prepare_socket_dir(tmp_path)
    command = [sys.executable, "-c", SUPERVISOR, json.dumps(model_file(served.files[0]))]
    supervisor = subprocess.Popen(command, env=served.environment(), cwd=BASE_DIR)
    yield served, supervisor
    supervisor.kill()
    supervisor.wait()


def test_it_comes_back_when_it_is_killed_and_goes_with_its_supervisor(supervised):
    served, supervisor = supervised
    first = wait_for(served, Status.SERVING)

    os.kill(first.pid, signal.SIGKILL)
    second = wait_until(lambda: state_of(served).pid != first.pid and serving_state(served))
    assert answer(served)
    supervisor.kill()
    supervisor.wait()

    wait_until(lambda: not psutil.pid_exists(second.pid), seconds=10)
    assert state_of(served).status == Status.STOPPED


def test_a_second_process_waits_until_the_first_is_gone(run):
    served, first = run(chat=str(small_model_path()))
    before = wait_for(served, Status.SERVING)
    _, second = run(chat=str(small_model_path()))

    assert answer(served)
    first.kill()
    first.wait()

    # Until it has said something itself, its state is what the first one said.
    after = wait_until(lambda: state_of(served).pid != before.pid and serving_state(served))
    assert after.pid == second.pid
    assert answer(served)


def test_an_embedding_file_gives_vectors_of_texts_of_any_length(tmp_path):
    settings = {"embedding": str(small_model_path()), "context_tokens": 256}
    with serving(files_of(tmp_path, **settings)) as served, served.in_force():
        provider, name, dimensions = configured_model()
        embedder = embedder_of(provider, name, dimensions)
        texts = ["The sea is blue.", "The sea is blue.", "Invoices are paid.", ""]
        vectors = embedder.embed(texts)
        with pytest.raises(VectorsUnusable):
            embedder.embed(["sea " * 3000, "blue"])
        (cut,) = embedder.embed(["sea " * 3000])
        embedder.client.close()

    assert (name, vectors.shape) == (served.files[0].name, (4, 576))
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert np.linalg.norm(cut) == pytest.approx(1, abs=1e-3)
    assert vectors[0] @ vectors[1] > 0.999
    assert vectors[0] @ vectors[2] < 0.99


@pytest.mark.django_db
def test_the_start_says_what_is_wrong_with_a_file_and_not_that_its_server_is_silent(tmp_path):
    path = tmp_path / "away.gguf"
    with files_of(tmp_path, chat=str(path)).in_force():
        notices = list(missing_parts())

    assert f"{path} is missing: other models answer, or the built-in quote model" in notices
    assert not any("does not answer" in notice for notice in notices)
