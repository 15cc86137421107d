"""Real tool servers for the tests of this app."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from youworker.core.config import config
from youworker.tests.support.waiting import is_open, wait_until

TINY = str(Path(__file__).parent / "programs" / "tiny.py")
PLAIN = str(Path(__file__).parent / "programs" / "plain.py")
RAW = str(Path(__file__).parent / "programs" / "raw.py")


@pytest.fixture
def tiny_argv():
    """How the test server is started as a program; it loads no SDK."""
    return (sys.executable, PLAIN)


@pytest.fixture
def sdk_argv():
    """How the test server is started as a program that uses the SDK."""
    return (sys.executable, TINY)


@pytest.fixture
def raw_argv():
    """How the server that answers word for word is started as a program."""
    return (sys.executable, RAW)


@pytest.fixture(scope="session")
def tiny_url():
    """The address of the test server over HTTP; it runs as a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, TINY, "http", str(port)],
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: process.poll() is not None or is_open(port))
        assert process.poll() is None, "the test server ended"
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def mcp_limits(monkeypatch):
    """Change limits of tool calls for one test."""

    def change(**values: float) -> None:
        for name, value in values.items():
            # The sections are frozen; a test may still bend them.
            monkeypatch.setitem(config.mcp.__dict__, name, value)

    return change
