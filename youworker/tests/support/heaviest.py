"""A pytest plugin: files that take longest are begun first, so that no worker ends alone.

pytest-xdist begins with the files that have most tests. Those that start a product have one or two,
so they came last, one worker after the other idle. `make test` passes `--no-loadscope-reorder`, or
pytest-xdist would put them there again.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# How many others one slow test counts for. On the mean it takes as long as sixteen (2 s, 0.12 s);
# twice that ends more evenly, because a file with few tests is queued behind another one early.
SLOW_TEST = 30


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order what is handed out to several processes; one alone keeps pytest-django's order."""
    if hasattr(config, "workerinput"):
        items[:] = heaviest_first(items)


def heaviest_first(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Order files by how long their tests will take, and leave the tests of a file as they are."""
    files: dict[Path, list[pytest.Item]] = {}
    weights: Counter[Path] = Counter()
    for item in items:
        files.setdefault(item.path, []).append(item)
        weights[item.path] += SLOW_TEST if item.get_closest_marker("slow") else 1
    # Each process must come to the same order, so files of one weight go by their names.
    ordered = sorted(files, key=lambda path: (-weights[path], path))
    return [item for path in ordered for item in files[path]]
