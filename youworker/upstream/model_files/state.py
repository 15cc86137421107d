"""How the process of a model file does, as it says itself in a file that it holds locked."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from youworker.core.files import try_lock

LONGEST_STATE = 65_536


class Status(StrEnum):
    """What a process of a model file does."""

    LOADING = "loading"
    SERVING = "serving"
    # It looks again every few seconds: files are copied, memory becomes free.
    WAITING = "waiting"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True)
class State:
    """What a process says; `reason` is a sentence for operators, empty while all is well."""

    status: Status
    reason: str = ""
    pid: int = 0
    # Loads in a row that ended the process.
    crashes: int = 0
    context_tokens: int = 0
    load_seconds: float = 0.0


class StateFile:
    """The state of one process; its lock ends with the process, whatever ends that."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> bool:
        """Make it this process's; false while another one serves the same file."""
        return try_lock(self.descriptor)

    def write(self, state: State) -> None:
        """Replace what the file says."""
        content = json.dumps(asdict(state)).encode()
        os.pwrite(self.descriptor, content, 0)
        os.ftruncate(self.descriptor, len(content))

    def read(self) -> State:
        """What it says; of a process that is gone, too."""
        return parsed_state(os.pread(self.descriptor, LONGEST_STATE, 0))


def read_state(path: Path) -> State:
    """How a process does; `STOPPED`, with what is known, when it is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return State(Status.STOPPED)
    try:
        state = parsed_state(os.pread(descriptor, LONGEST_STATE, 0))
        return gone(state) if is_free(descriptor) else state
    finally:
        os.close(descriptor)


def is_being_loaded(socket: str) -> bool:
    """Whether the process behind a socket loads its file: it lists its model then, and fails."""
    return read_state(Path(socket).with_suffix(".json")).status == Status.LOADING


def forget_state(path: Path) -> None:
    """Remove what a process that is gone said of itself."""
    if path.exists() and read_state(path).status == Status.STOPPED:
        path.unlink(missing_ok=True)


def is_free(descriptor: int) -> bool:
    """Whether nobody holds the lock."""
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        return True
    return False


def gone(state: State) -> State:
    """What is left to say of a process that ended."""
    if state.status == Status.LOADING:
        return State(Status.STOPPED, "it ended while the file was loaded", crashes=state.crashes)
    return State(Status.STOPPED, state.reason, crashes=state.crashes)


def parsed_state(content: bytes) -> State:
    """A state as it was written; half of one is none."""
    with suppress(ValueError, TypeError, KeyError):
        fields: dict[str, Any] = json.loads(content)
        return State(**{**fields, "status": Status(fields["status"])})
    return State(Status.STOPPED)
