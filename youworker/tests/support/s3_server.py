"""An S3-compatible server for tests: moto's, as a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from documents import object_storage
from youworker.core.config import config
from youworker.tests.support.ports import free_port
from youworker.tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


def answers(port: int) -> bool:
    """Whether somebody listens."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def running_s3() -> Iterator[str]:
    """A server without buckets; its address."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def use_storage(monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    """Change settings of the storage until the test ends; clients of the former are forgotten."""
    for name, value in values.items():
        monkeypatch.setitem(config.storage.__dict__, name, value)
    object_storage.client_of.cache_clear()
