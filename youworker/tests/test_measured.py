"""Which tests tell what they run through."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from youworker.tests.support.measured import unmeasured

if TYPE_CHECKING:
    from pathlib import Path

TRACED_TESTS = """
import sys

import pytest


@pytest.fixture
def traced():
    return sys.gettrace() is not None


@pytest.mark.parametrize("row", range(3))
def test_row(row, traced):
    assert traced == (sys.gettrace() is not None) == (row < 2)


def test_afterwards():
    assert sys.gettrace() is not None
"""


def made_test(name: str, *, slow: bool = False) -> Any:
    marker = {"slow": True} if slow else {}
    return SimpleNamespace(nodeid=f"a/tests/test_a.py::{name}", get_closest_marker=marker.get)


def test_slow_tests_and_further_rows_of_a_table_are_not_measured() -> None:
    plain, slow = made_test("test_plain"), made_test("test_slow", slow=True)
    rows = [made_test(f"test_table[{number}]") for number in range(4)]

    assert list(unmeasured([plain, slow, *rows])) == [slow, *rows[2:]]


@pytest.mark.slow
@pytest.mark.parametrize("processes", ["0", "1"])
def test_only_what_is_measured_is_traced(processes: str, tmp_path: Path) -> None:
    (tmp_path / "test_traced.py").write_text(TRACED_TESTS)
    plugins = ("youworker.tests.support.quick", "youworker.tests.support.measured", "no:django")
    command = [sys.executable, "-m", "pytest", "-n", processes, "--cov", "--cov-report=", "-q"]
    # By default pytest locks other accounts out of the folder of all its sessions: a database that
    # another test starts at that moment, as an account of its own, fails.
    command += ["--basetemp", str(tmp_path / "inner")]
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "COVERAGE_CORE": "ctrace"}
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_ADDOPTS"):
        environment.pop(name, None)

    done = subprocess.run(
        [*command, *(part for name in plugins for part in ("-p", name)), "-c", "/dev/null", "."],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "4 passed" in done.stdout, done.stdout + done.stderr
