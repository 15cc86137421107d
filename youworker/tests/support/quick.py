"""A pytest plugin: `--quick` takes a few of each kind, for whoever has just changed a line.

Most of the suite are tables of hundreds of odd inputs, and a test that commits costs five times
what another one does. Two rows of a table, and two tests of a module's that commit, tell nearly
always whether something broke.
"""

from __future__ import annotations

from collections import Counter

import pytest

MOST_ROWS = 2
MOST_COMMITTING = 2


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the choice."""
    help_text = f"run {MOST_ROWS} rows of each table, {MOST_COMMITTING} tests a module that commit"
    parser.addoption("--quick", action="store_true", help=help_text)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what comes behind the first few."""
    if not config.getoption("--quick"):
        return
    taken: Counter[str] = Counter()
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        function, module = item.nodeid.partition("[")[0], str(item.path)
        wanted = taken[function] < MOST_ROWS
        if wanted and is_committing(item):
            wanted = taken[module] < MOST_COMMITTING
            taken[module] += wanted
        taken[function] += wanted
        (kept if wanted else left_out).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


def is_committing(item: pytest.Item) -> bool:
    """Whether other connections see what a test writes."""
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction"))
