"""A pytest plugin: which tests tell what they run through, when coverage is measured.

Python 3.11 takes more than twice as long while it is traced. Tests that are marked `slow`, and all
but the first rows of a table, run through hardly anything that the others leave out, but were most
of that time: they are not traced.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from youworker.tests.support.quick import MOST_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let pytest-cov pause where nothing new is to be seen."""
    for item in unmeasured(items):
        item.add_marker(pytest.mark.no_cover)


def unmeasured(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """The slow tests, and those behind the first rows of a table."""
    rows: Counter[str] = Counter()
    for item in items:
        function = item.nodeid.partition("[")[0]
        rows[function] += 1
        if item.get_closest_marker("slow") or rows[function] > MOST_ROWS:
            yield item
