"""llama.cpp's server with one model file, out of the wheel `xllamacpp`."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

from youworker.appliance.model_files.obstacles import (
    context_of,
    template_text,
    threads_for,
    usable_cores,
    window_for,
)
from youworker.core.config import config
from youworker.upstream.model_files.endpoints import ensure_service_key, header_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from youworker.upstream.model_files.files import ModelFile

# Of llama.cpp: 1 are errors, 2 warnings, 3 notes, which tell of each request.
VERBOSITY = 2
# Prompts that were computed before, kept in memory for the next question of a conversation.
CACHE_MEBIBYTES = 512
# A server of the same machine is asked by two processes with many threads.
HTTP_THREADS = 64
# llama.cpp's log is written by a thread of its own.
FLUSH_SECONDS = 0.2
LISTEN_SECONDS = 10.0
LOOK_SECONDS = 0.02
LONGEST_LOG = 262_144
LONGEST_REASON = 300
STANDARD = (1, 2)
REASON = re.compile(r"^E .*?: (.+)|(GGML_ASSERT.+)|(CUDA error.+)")
ARCHITECTURE = re.compile(r"unknown model architecture: '([^']*)'")
DECORATION = re.compile(r"\x1b\[[0-9;]*m|^[\d.]+ ")
# Others may repeat what people wrote.
TECHNICAL = re.compile(
    r"ggml|GGML_|CUDA|llama_|load_model|common_init|handle_sleep|terminate called"
)


class LoadFailed(Exception):
    """llama.cpp refused a file; the message says why."""


def load_file(file: ModelFile) -> Any:
    """Load a model file and serve it at its socket; lives as long as what is returned.

    Raises `LoadFailed`.
    """
    try:
        import xllamacpp  # noqa: PLC0415 -- an extra, and 100 MB
    except ImportError as error:
        raise LoadFailed(f"llama.cpp cannot be used: {error}") from error
    # What a process left behind that was killed.
    file.socket.unlink(missing_ok=True)
    try:
        parameters = parameters_of(xllamacpp, file)
        with send_output_to(log_path(file)):
            server = xllamacpp.Server(parameters)
    except (RuntimeError, ValueError) as error:
        raise LoadFailed(sentence_for(file, last_trouble(file) or str(error))) from error
    wait_for_listener(file.socket)
    return server


def wait_for_listener(path: Path) -> None:
    """Return when the socket takes connections: llama.cpp's own thread begins a little later."""
    deadline = time.monotonic() + LISTEN_SECONDS
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_UNIX) as trial, suppress(OSError):
            trial.connect(str(path))
            return
        time.sleep(LOOK_SECONDS)
    raise LoadFailed(f"llama.cpp does not listen at {path}")


def parameters_of(xllamacpp: Any, file: ModelFile) -> Any:
    """What llama.cpp is told about a file and about this machine."""
    settings = config.model_files
    chosen = xllamacpp.CommonParams()
    chosen.model.path = str(file.path)
    chosen.model_alias = {file.name}
    chosen.hostnames = [str(file.socket)]
    chosen.port = 0
    chosen.api_keys = [ensure_service_key(config.data_dir)]
    chosen.n_threads_http = HTTP_THREADS
    chosen.ui = False
    # Whatever the file says, nothing is fetched.
    chosen.offline = True
    chosen.verbosity = VERBOSITY
    threads = settings.threads or threads_for(usable_cores())
    chosen.cpuparams.n_threads = chosen.cpuparams_batch.n_threads = threads
    chosen.n_gpu_layers = settings.gpu_layers
    chosen.n_ctx = context_of(file)
    chosen.cache_ram_mib = CACHE_MEBIBYTES
    chosen.n_parallel = 1 if file.is_for_embedding else settings.parallel
    if file.may_sleep and settings.idle_seconds:
        chosen.sleep_idle_seconds = settings.idle_seconds
    if file.is_for_embedding:
        make_embedding(xllamacpp, chosen, file)
    elif template := template_text():
        chosen.chat_template = template
    return chosen


def make_embedding(xllamacpp: Any, chosen: Any, file: ModelFile) -> None:
    """Have vectors made, a text at once: attention that looks both ways needs the whole."""
    chosen.embedding = True
    chosen.n_batch = chosen.n_ubatch = window_for(file)
    header = header_or_none(file.path)
    if header is None or not header.pooling:
        chosen.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN


def log_path(file: ModelFile) -> Path:
    """Where llama.cpp's words about loading a file are kept, until it is loaded again."""
    return file.socket.with_suffix(".log")


@contextmanager
def send_output_to(path: Path) -> Iterator[None]:
    """Send what this process prints to a file: a crash leaves its reason there.

    A pipe would not do, for nobody can read it while the interpreter is held by the loading.
    """
    kept = [os.dup(number) for number in STANDARD]
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        for number in STANDARD:
            os.dup2(log, number)
        yield
    finally:
        time.sleep(FLUSH_SECONDS)
        for number, old in zip(STANDARD, kept, strict=True):
            os.dup2(old, number)
            os.close(old)
        os.close(log)


def last_trouble(file: ModelFile) -> str:
    """What llama.cpp said last about why a file was not loaded; empty for nothing."""
    with suppress(OSError), log_path(file).open("rb") as log:
        lines = log.read(LONGEST_LOG).decode(errors="replace").splitlines()
        found = [match for line in lines if (match := REASON.search(DECORATION.sub("", line)))]
        # The first one is the cause, what comes after it are its consequences.
        if found:
            cause: str = next(filter(None, found[0].groups()))
            return cause.removeprefix("error loading model: ").strip()[:LONGEST_REASON]
    return ""


def sentence_for(file: ModelFile, trouble: str) -> str:
    """Why a file was not loaded, for operators."""
    if unknown := ARCHITECTURE.search(trouble):
        return (
            f"llama.cpp does not know the architecture {unknown[1]!r} of {file.path}: "
            "a newer xllamacpp may"
        )
    return f"{file.path} cannot be loaded: {trouble}"


def pass_on_technical_lines() -> None:
    """From now on, drop what llama.cpp says about requests: it may repeat what people wrote."""
    output = os.dup(STANDARD[0])
    reading, writing = os.pipe()
    for number in STANDARD:
        os.dup2(writing, number)
    os.close(writing)
    threading.Thread(
        target=filter_lines, args=[os.fdopen(reading, "rb"), output], daemon=True
    ).start()


def filter_lines(lines: IO[bytes], output: int) -> None:
    """Pass on what is about the machine."""
    with lines:
        while line := lines.readline(LONGEST_LOG):
            if TECHNICAL.search(line.decode(errors="replace")):
                os.write(output, line)
