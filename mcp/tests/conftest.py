"""Real tool servers for the tests of this app."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from mcp.tests.scripts import ScriptedHttp
from youworker.core.config import config
from youworker.tests.support.ports import free_port
from youworker.tests.support.waiting import is_open, wait_until

TINY = str(Path(__file__).parent / "programs" / "tiny.py")
PLAIN = str(Path(__file__).parent / "programs" / "plain.py")
PAGED = str(Path(__file__).parent / "programs" / "paged.py")
RAW = str(Path(__file__).parent / "programs" / "raw.py")
SCRIPTED = str(Path(__file__).parent / "programs" / "scripted.py")


@pytest.fixture
def scripted_argv():
    """How the server that behaves as its script says is started as a program."""
    return (sys.executable, SCRIPTED)


@pytest.fixture
def http_script():
    """A server over HTTP that behaves as the test says."""
    with ScriptedHttp() as server:
        yield server


@pytest.fixture
def tiny_argv():
    """How the test server is started as a program; it loads no SDK."""
    return (sys.executable, PLAIN)


@pytest.fixture
def sdk_argv():
    """How the test server is started as a program that uses the SDK."""
    return (sys.executable, TINY)


@pytest.fixture
def paged_argv():
    """How the server that gives one tool at a time is started as a program."""
    return (sys.executable, PAGED)


@pytest.fixture
def raw_argv():
    """How the server that answers word for word is started as a program."""
    return (sys.executable, RAW)


@contextmanager
def serving_tiny(kind, path):
    """The test server over HTTP, as a process of its own."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, TINY, kind, str(port)],
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: process.poll() is not None or is_open(port))
        assert process.poll() is None, "the test server ended"
        yield f"http://127.0.0.1:{port}/{path}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def tiny_url():
    """The address of the test server over streamable HTTP."""
    with serving_tiny("http", "mcp") as url:
        yield url


@pytest.fixture(scope="session")
def sse_url():
    """The address of the test server over the first transport."""
    with serving_tiny("sse", "sse") as url:
        yield url


@pytest.fixture
def mcp_limits(monkeypatch):
    """Change limits of tool calls for one test."""

    def change(**values: float) -> None:
        for name, value in values.items():
            # The sections are frozen; a test may still bend them.
            monkeypatch.setitem(config.mcp.__dict__, name, value)

    return change
