"""One embedding process for all, over a real socket."""

import os
import socket as socketlib
import stat
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from documents import embedding
from documents.embedding import shared
from documents.embedding.shared import SOCKET_VARIABLE, SharedEmbedder
from documents.enums import Provider
from documents.exceptions import VectorsUnusable
from youworker.core.config import BASE_DIR
from youworker.core.exceptions import UpstreamUnavailable

MODEL = (embedding.LOCAL_MODEL, embedding.LOCAL_DIMENSIONS)


@contextmanager
def embedding_process(path):
    """The process, as soon as it listens."""
    command = [sys.executable, "-m", "documents.encoder.server", str(path)]
    process = subprocess.Popen(command, cwd=BASE_DIR)
    try:
        while not path.exists():
            assert process.poll() is None
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def socket():
    # Shorter than pytest's own folders: a socket's path ends at 107 bytes.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "embed.sock"
        with embedding_process(path):
            yield path


def test_the_vectors_are_those_of_the_model(socket):
    texts = ["a small cat", "the little kitten", "quarterly tax report", ""]

    found = SharedEmbedder(str(socket), *MODEL).embed(texts)

    own = embedding.embedder_of(Provider.LOCAL, *MODEL).embed(texts)
    assert found.shape == (4, embedding.LOCAL_DIMENSIONS)
    assert np.allclose(found, own, atol=1e-5)


def test_the_vector_of_a_question_is_that_of_the_model(socket):
    asked = ("how long is the warranty", "query: ")

    found = SharedEmbedder(str(socket), *MODEL).embed_question(*asked)

    own = embedding.embedder_of(Provider.LOCAL, *MODEL).embed_question(*asked)
    assert found.shape == (embedding.LOCAL_DIMENSIONS,)
    assert np.allclose(found, own, atol=1e-5)


def test_no_text_gives_no_vector(socket):
    assert SharedEmbedder(str(socket), *MODEL).embed([]).shape == (0, embedding.LOCAL_DIMENSIONS)


def test_threads_do_not_get_each_others_vectors(socket):
    shared_embedder = SharedEmbedder(str(socket), *MODEL)
    texts = [f"text number {n} about {n * n}" for n in range(8)]
    alone = [shared_embedder.embed([text])[0] for text in texts]
    found = {}

    def ask(number):
        for _ in range(5):
            found[number] = shared_embedder.embed([texts[number]])[0]

    threads = [threading.Thread(target=ask, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(np.array_equal(found[number], alone[number]) for number in range(8))


def test_a_text_that_cannot_be_read_spoils_nothing_else(socket):
    shared_embedder = SharedEmbedder(str(socket), *MODEL)

    with pytest.raises(VectorsUnusable):
        shared_embedder.embed(["\ud800"])

    assert shared_embedder.embed(["fine"]).shape == (1, embedding.LOCAL_DIMENSIONS)
    assert shared_embedder.idle.qsize() == 1


def test_only_this_account_may_ask(socket):
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600


def test_a_new_process_is_found_when_the_old_one_was_killed(monkeypatch):
    monkeypatch.setattr(shared, "PAUSE_SECONDS", 0.01)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "embed.sock"
        shared_embedder = SharedEmbedder(str(path), *MODEL)
        with embedding_process(path):
            before = shared_embedder.embed(["the same"])
        with pytest.raises(UpstreamUnavailable):
            shared_embedder.embed(["the same"])
        # What was killed left its socket behind; the next one replaces it.
        path.unlink()
        with embedding_process(path):
            after = shared_embedder.embed(["the same"])

    assert np.array_equal(before, after)


def test_a_socket_that_was_left_behind_is_replaced():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "embed.sock"
        with embedding_process(path):
            pass
        assert path.exists()
        with embedding_process(path) as process:
            shared_embedder = SharedEmbedder(str(path), *MODEL)
            assert len(shared_embedder.embed(["here"])) == 1
            assert process.poll() is None


def test_a_silent_process_is_asked_once(monkeypatch):
    monkeypatch.setattr(shared, "LOADING_SECONDS", 0.05)
    monkeypatch.setattr(shared, "SECONDS_PER_TEXT", 0.0)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "embed.sock")
        with socketlib.socket(socketlib.AF_UNIX) as listening:
            listening.bind(path)
            listening.listen(9)
            with pytest.raises(UpstreamUnavailable):
                SharedEmbedder(path, *MODEL).embed(["hello"])
            listening.accept()[0].close()
            # Nobody else waits to be accepted.
            listening.settimeout(0)
            with pytest.raises(BlockingIOError):
                listening.accept()


def test_the_process_is_used_where_the_supervisor_names_it(monkeypatch, socket):
    monkeypatch.setenv(SOCKET_VARIABLE, str(socket))

    found = embedding.load(Provider.LOCAL, *MODEL)

    assert isinstance(found, SharedEmbedder)
    assert found.socket == str(socket)


@pytest.mark.slow
def test_who_asks_the_process_does_not_load_the_libraries(socket):
    program = f"""
import sys
from documents.embedding.shared import SharedEmbedder
SharedEmbedder({str(socket)!r}, *{MODEL!r}).embed(["hello"])
print(sorted({{"onnxruntime", "tokenizers"}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "youworker.settings"},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"
