"""Locks that end with the processes that hold them, however those end."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from youworker.core.files import try_lock

if TYPE_CHECKING:
    from collections.abc import Iterator


class ServerLock:
    """A lock that a server inherits when it is started, with all processes it starts itself.

    The kernel lets go of it when the last of them is gone. So it says whether a server is alive
    also when that is silent, after its starter was killed, and when its number was given anew.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def try_acquire(self) -> Iterator[int | None]:
        """The locked descriptor to pass on; None while somebody holds the lock."""
        descriptor = open_lock(self.path)
        try:
            yield descriptor if try_lock(descriptor) else None
        finally:
            os.close(descriptor)

    def is_held(self) -> bool:
        """Whether a process of the server lives."""
        with self.try_acquire() as descriptor:
            return descriptor is None

    def find_holders(self) -> list[psutil.Process]:
        """The processes that have the lock file open."""
        try:
            wanted = self.path.stat()
        except FileNotFoundError:
            return []
        others = (pid for pid in psutil.pids() if pid != os.getpid())
        return [psutil.Process(pid) for pid in others if has_open(pid, wanted)]


def has_open(pid: int, wanted: os.stat_result) -> bool:
    """Whether a process has a file open; false for those that may not be looked at."""
    try:
        return any(is_same(link, wanted) for link in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def is_same(link: Path, wanted: os.stat_result) -> bool:
    """Whether a link leads to a file; false when it is gone."""
    try:
        return os.path.samestat(link.stat(), wanted)
    except OSError:
        return False


def open_lock(path: Path) -> int:
    """A descriptor to lock; children inherit it only when they are told to."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
