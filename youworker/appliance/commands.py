"""The command lines of the children."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from documents.embedding.shared import SOCKET_VARIABLE
from youworker.appliance.child import Child
from youworker.appliance.embedded.folders import prepare_socket_dir
from youworker.core.config import config
from youworker.core.logs import choose_format
from youworker.speech.configured import needs_engine
from youworker.speech.link import SOCKET_VARIABLE as SPEECH_SOCKET
from youworker.speech.link import engine_command, engine_environment
from youworker.upstream.model_files.files import configured_files
from youworker.upstream.model_files.state import forget_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from youworker.appliance.output import Output
    from youworker.upstream.model_files.files import ModelFile


def children(output: Output, *, host: str, port: int, workers: int) -> list[Child]:
    """Web process, worker, scheduler, and the processes that they share, of models and speech."""
    socket = str(prepare_socket_dir(config.data_dir) / "embed.sock")
    environment = {
        "DJANGO_SETTINGS_MODULE": "youworker.settings",
        SOCKET_VARIABLE: socket,
        # They write to a pipe, and only we know where that ends.
        "LOG_FORMAT": choose_format(config.api.log_format, sys.stdout),
    }
    lines = {
        "web": web(host, port),
        "worker": worker(workers),
        "beat": beat(),
        "embed": [sys.executable, "-m", "documents.encoder.server", socket],
    }
    if needs_engine():
        speech = str(prepare_socket_dir(config.data_dir) / "speech.sock")
        environment[SPEECH_SOCKET] = speech
        lines["speech"] = speech_engine(speech)
    own = [Child(name, line, output, environment) for name, line in lines.items()]
    return [*own, *model_children(output)]


def model_children(output: Output) -> list[Child]:
    """A process for each model file."""
    children = []
    for number, file in enumerate(configured_files(config.model_files, config.data_dir), start=1):
        # What it said under another supervisor is no sign of what it does under this one.
        forget_state(file.state_path)
        name = "vector" if file.is_for_embedding else f"model{number if number > 1 else ''}"
        children.append(Child(name, model_file(file), output, is_needed_by_others=True))
    return children


def model_file(file: ModelFile) -> list[str]:
    """llama.cpp with one model file."""
    flags = ["--embedding"] * file.is_for_embedding + ["--may-sleep"] * file.may_sleep
    program = [sys.executable, "-m", "youworker.appliance.model_files", *flags]
    return [*program, "--", file.name, str(file.path), str(file.socket)]


def speech_engine(socket: str) -> list[str]:
    """The process that hears and speaks; it reads files of strangers, so it knows no secrets."""
    kept = [f"{name}={value}" for name, value in engine_environment().items()]
    return ["/usr/bin/env", "-i", *kept, *engine_command(socket)]


def web(host: str, port: int) -> list[str]:
    """One web process."""
    return [sys.executable, "-m", "youworker.server", "--host", host, "--port", str(port)]


def worker(processes: int) -> list[str]:
    """One worker with its children; it is alone, so it has nobody to gossip with."""
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return [*celery(), "worker", "--concurrency", str(processes), *quiet, *level()]


def beat() -> list[str]:
    """The scheduler; what it remembers may be lost without harm."""
    schedule = config.data_dir / "beat-schedule"
    return [*celery(), "beat", "--schedule", str(schedule), "--pidfile", "", *level()]


def celery() -> list[str]:
    """Celery with our application."""
    return [sys.executable, "-m", "celery", "--quiet", "-A", "youworker"]


def level() -> list[str]:
    """How much Celery says."""
    return ["--loglevel", config.api.log_level]


def own_name(allowed: Sequence[str]) -> str:
    """A host name this installation answers for."""
    names = [name.lstrip(".") for name in allowed if name != "*"]
    return "localhost" if "localhost" in names or not names else names[0]
