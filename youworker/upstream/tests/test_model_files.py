"""Which model files are served, what they say of themselves, and how their processes do."""

from __future__ import annotations

import fcntl
import os
import stat
import struct

import pytest

from youworker.core.config.sections import ModelFilesConfig
from youworker.tests.support.small_model import NAME, files_of, small_model_path
from youworker.upstream.configured import endpoints_for
from youworker.upstream.endpoint import Capability
from youworker.upstream.model_files.endpoints import (
    embedding_file_model,
    ensure_service_key,
)
from youworker.upstream.model_files.files import chat_files, configured_files
from youworker.upstream.model_files.header import Header, NotAModelFile, read_header
from youworker.upstream.model_files.state import (
    State,
    StateFile,
    Status,
    forget_state,
    read_state,
)


def text(value):
    return struct.pack("<Q", len(value)) + value


def entry(name, kind, value):
    return text(name) + struct.pack("<I", kind) + value


ARCHITECTURE = entry(b"general.architecture", 8, text(b"bert"))
LAYERS = entry(b"bert.block_count", 4, struct.pack("<I", 6))


def header(*entries, version=3, count=None, magic=b"GGUF"):
    """The beginning of a model file."""
    number = len(entries) if count is None else count
    return magic + struct.pack("<IQQ", version, 0, number) + b"".join(entries)


@pytest.fixture
def write(tmp_path):
    def made(content, name="a.gguf"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return made


def test_a_real_file_tells_its_architecture_window_and_size():
    found = read_header(small_model_path())

    assert found == Header("llama", 8192, 576, 30, 9, 3)
    # Keys and values of three heads with 64 numbers of two bytes, in thirty layers.
    assert found.bytes_per_token == 2 * 2 * 30 * 3 * 64


def test_arrays_and_every_kind_of_number_are_read(write):
    heads = struct.pack("<IQ", 4, 3) + struct.pack("<III", 2, 8, 4)
    words = struct.pack("<IQ", 8, 2) + text(b"a") + text(b"b")
    path = write(
        header(
            ARCHITECTURE,
            entry(b"bert.block_count", 10, struct.pack("<Q", 6)),
            entry(b"bert.attention.head_count_kv", 9, heads),
            entry(b"general.tags", 9, words),
            entry(b"general.flag", 7, b"\1"),
            entry(b"bert.context_length", 5, struct.pack("<i", -5)),
            version=2,
        )
    )

    assert read_header(path) == Header("bert", layers=6, kv_heads=8)


def test_the_vocabulary_is_not_read(write):
    endless = struct.pack("<IQ", 8, 2**23)
    path = write(
        header(
            ARCHITECTURE,
            LAYERS,
            entry(b"tokenizer.ggml.model", 8, text(b"x")),
            entry(b"tokenizer.ggml.tokens", 9, endless),
        )
    )

    assert read_header(path).layers == 6


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "does not begin like"),
        (b"PK\3\4 an archive", "does not begin like"),
        (header(magic=b"FUGG"), "does not begin like"),
        (header(version=1), "version 1"),
        (header(version=0x03000000), "version 50331648"),
        (header(), "which architecture"),
        (header(entry(b"general.architecture", 4, b"\0\0\0\0")), "which architecture"),
        (header(ARCHITECTURE, count=2), "damaged"),
        (header(count=2**63), "damaged"),
        (header(struct.pack("<Q", 2**60)), "damaged"),
        (header(entry(b"a", 8, struct.pack("<Q", 2**60))), "damaged"),
        (header(entry(b"a", 9, struct.pack("<IQ", 4, 2**60))), "damaged"),
        (header(entry(b"a", 13, b"")), "damaged"),
        (header(entry(b"a", 9, struct.pack("<IQ", 9, 1) * 50)), "damaged"),
        (header(entry(b"\xff", 4, b"\0\0\0\0")), "damaged"),
    ],
)
def test_what_is_no_model_file_is_said_to_be_none(write, content, reason):
    with pytest.raises(NotAModelFile, match=reason):
        read_header(write(content))


def test_a_replaced_file_is_read_again(write):
    path = write(header(ARCHITECTURE, LAYERS))
    before = read_header(path)
    write(header(entry(b"general.architecture", 8, text(b"llama"))))

    assert (before.architecture, read_header(path).architecture) == ("bert", "llama")


def names_of(folder, data_dir, **settings):
    files = chat_files(ModelFilesConfig(folder=str(folder), **settings), data_dir)
    return [file.name for file in files]


def test_a_folder_serves_what_lies_below_it_by_its_place(write, tmp_path):
    for name in (
        "Qwen3-8B.Q4_K_M.gguf",
        "org/small: 7b 100%.GGUF",
        "org/gemma-ü.gguf",
        "big-00001-of-00002.gguf",
        "big-00002-of-00002.gguf",
        "mmproj-big.gguf",
        "notes.txt",
    ):
        write(b"GGUF", f"models/{name}")

    assert names_of(tmp_path / "models", tmp_path) == [
        "Qwen3-8B.Q4_K_M",
        "big",
        "org/gemma-ü",
        "org/small: 7b 100%",
    ]


def test_a_file_comes_first_and_is_not_served_twice(write, tmp_path):
    own = write(b"GGUF", "models/z.gguf")
    embedding = write(b"GGUF", "models/e.gguf")
    write(b"GGUF", "models/a.gguf")
    settings = ModelFilesConfig(
        chat=str(own), folder=str(tmp_path / "models"), embedding=str(embedding)
    )

    files = configured_files(settings, tmp_path)

    assert [(file.name, file.may_sleep, file.is_for_embedding) for file in files] == [
        ("z", False, False),
        ("a", True, False),
        ("e", False, True),
    ]
    assert len({file.socket for file in files}) == 3
    assert all(len(os.fsencode(file.socket)) < 108 for file in files)


def test_there_are_no_more_processes_than_a_machine_bears(write, tmp_path):
    for number in range(30):
        write(b"GGUF", f"models/{number:02}.gguf")

    assert len(names_of(tmp_path / "models", tmp_path)) == 16


def test_no_folder_has_no_models(tmp_path):
    assert names_of(tmp_path / "nothing", tmp_path) == []


def test_names_that_no_id_may_have_are_made_ids(write, tmp_path):
    write(b"GGUF", "models/a\nb.gguf")
    write(b"GGUF", f"models/{'x' * 240}.gguf")
    (tmp_path / os.fsdecode(b"models/caf\xe9.gguf")).touch()

    assert names_of(tmp_path / "models", tmp_path) == ["a_b", "x" * 180]


def test_each_file_is_an_endpoint_behind_its_socket(tmp_path):
    served = files_of(tmp_path, chat=str(small_model_path()), context_tokens=100_000)

    with served.in_force():
        (endpoint,) = endpoints_for(Capability.CHAT)

    assert endpoint.socket == str(served.files[0].socket)
    assert endpoint.name.startswith("smollm2-135m-instruct-q4-1-")
    assert endpoint.name.endswith(".localhost")
    assert endpoint.key
    assert endpoint.key not in repr(endpoint)
    # More than it was made for is of no use.
    assert endpoint.sampling.context_tokens == 8192


def test_an_embedding_file_says_its_dimensions_and_one_that_is_missing_none(tmp_path):
    with files_of(tmp_path, embedding=str(small_model_path())).in_force():
        known, (endpoint,) = embedding_file_model(), endpoints_for(Capability.EMBEDDING)
    with files_of(tmp_path, embedding=str(tmp_path / "away.gguf")).in_force():
        missing = embedding_file_model()

    assert (known, missing) == ((NAME, 576), None)
    assert endpoint.socket


def test_nothing_is_served_where_nothing_is_configured(tmp_path):
    with files_of(tmp_path).in_force():
        assert endpoints_for(Capability.CHAT) == ()
        assert endpoints_for(Capability.EMBEDDING) == ()
    assert not (tmp_path / "secrets").exists()


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    first = ensure_service_key(tmp_path)
    ensure_service_key.cache_clear()

    path = tmp_path / "secrets" / "model_files_key"
    assert ensure_service_key(tmp_path) == first == path.read_text()
    assert len(first) > 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == [path.name]


def test_a_state_is_what_its_process_says_while_it_lives(tmp_path):
    path = tmp_path / "a.json"
    file = StateFile(path)
    assert file.take()
    file.write(State(Status.SERVING, pid=7, context_tokens=1024))

    living = read_state(path)
    fcntl.flock(file.descriptor, fcntl.LOCK_UN)

    assert living == State(Status.SERVING, pid=7, context_tokens=1024)
    assert read_state(path) == State(Status.STOPPED)
    os.close(file.descriptor)


def test_a_process_that_ended_while_it_loaded_says_so(tmp_path):
    path = tmp_path / "a.json"
    file = StateFile(path)
    file.write(State(Status.LOADING, pid=7, crashes=1))
    os.close(file.descriptor)

    assert read_state(path) == State(
        Status.STOPPED, "it ended while the file was loaded", crashes=1
    )
    forget_state(path)
    assert not path.exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"status": "new"}', b'{"status": "serving", "x": 1}']
)
def test_half_a_state_is_none(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content)

    assert read_state(path) == State(Status.STOPPED)
    assert read_state(tmp_path / "nothing") == State(Status.STOPPED)


def test_one_process_serves_a_file_and_its_state_stays(tmp_path):
    path = tmp_path / "a.json"
    first, second = StateFile(path), StateFile(path)
    assert first.take()
    first.write(State(Status.SERVING))

    assert not second.take()
    forget_state(path)
    assert read_state(path).status == Status.SERVING
    os.close(first.descriptor)
    assert second.take()
    os.close(second.descriptor)
