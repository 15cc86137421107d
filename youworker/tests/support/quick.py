"""A pytest plugin: `--quick` takes a few of each kind, for whoever has just changed a line.

Most of the suite are tables of hundreds of odd inputs, and a test that commits costs five times
what another one does. Two rows of a table, two tests of a file's that commit and four of a file in
all tell nearly always whether something broke; whoever works on a file runs its own tests whole.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

MOST_ROWS = 2
MOST_COMMITTING = 2
MOST_OF_FILE = 4


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the choice."""
    help_text = f"run {MOST_OF_FILE} tests of each file, {MOST_ROWS} rows of each table"
    parser.addoption("--quick", action="store_true", help=help_text)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what comes behind the first few."""
    if not config.getoption("--quick"):
        return
    kept = {id(item) for tests in by_file(few_of_each_kind(items)) for item in spread(tests)}
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
    items[:] = [item for item in items if id(item) in kept]


def few_of_each_kind(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """The first rows of each table, and of each file's tests that commit the first few."""
    taken: Counter[str] = Counter()
    for item in items:
        function, module = item.nodeid.partition("[")[0], str(item.path)
        wanted = taken[function] < MOST_ROWS
        if wanted and is_committing(item):
            wanted = taken[module] < MOST_COMMITTING
            taken[module] += wanted
        taken[function] += wanted
        if wanted:
            yield item


def by_file(items: Iterable[pytest.Item]) -> Iterable[list[pytest.Item]]:
    """The tests of each file."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    return files.values()


def spread(tests: Sequence[pytest.Item]) -> Sequence[pytest.Item]:
    """So many tests of a file, from its first to its last: refusals stand behind successes."""
    if len(tests) <= MOST_OF_FILE:
        return tests
    step = (len(tests) - 1) / (MOST_OF_FILE - 1)
    return [tests[round(number * step)] for number in range(MOST_OF_FILE)]


def is_committing(item: pytest.Item) -> bool:
    """Whether other connections see what a test writes."""
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction"))
