"""Which tests tell what they run through."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from youworker.tests.support.measured import unmeasured


def made_test(name: str, *, slow: bool = False) -> Any:
    marker = {"slow": True} if slow else {}
    return SimpleNamespace(nodeid=f"a/tests/test_a.py::{name}", get_closest_marker=marker.get)


def test_slow_tests_and_further_rows_of_a_table_are_not_measured() -> None:
    plain, slow = made_test("test_plain"), made_test("test_slow", slow=True)
    rows = [made_test(f"test_table[{number}]") for number in range(4)]

    assert list(unmeasured([plain, slow, *rows])) == [slow, *rows[2:]]
