"""A pytest plugin: files that take longest are begun first, so that no worker ends alone.

Those that share a product come before all others, one product after the other, so that it can end.
pytest-xdist begins with the files that have most tests. Those that start a product have one or two,
so they came last, one worker after the other idle. `make test` passes `--no-loadscope-reorder`, or
pytest-xdist would put them there again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from youworker.tests.support.products import PRODUCTS, products_of
from youworker.tests.support.quick import by_file

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    # Each process must come to the same order, so files of one weight go by their names.
    ordered = sorted(
        by_file(items), key=lambda tests: (turn_of(tests), -weight_of(tests), tests[0].path)
    )
    return [item for tests in ordered for item in tests]


def turn_of(tests: Iterable[pytest.Item]) -> int:
    """When the product comes that tests share."""
    return min(map(PRODUCTS.index, products_of(tests)), default=len(PRODUCTS))


def weight_of(tests: Iterable[pytest.Item]) -> int:
    """How many quick tests take as long as these."""
    return sum(SLOW_TEST if item.get_closest_marker("slow") else 1 for item in tests)
