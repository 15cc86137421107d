"""A pytest plugin: which tests tell what they run through, when coverage is measured.

Python 3.11 takes more than twice as long while it is traced. Tests that are marked `slow`, and all
but the first rows of a table, run through hardly anything that the others leave out, but were most
of that time: they are not traced.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from youworker.tests.support.quick import MOST_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

UNMEASURED = pytest.StashKey[bool]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Note where nothing new is to be seen."""
    for item in unmeasured(items):
        item.stash[UNMEASURED] = True


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Trace no process that hands tests out, and no worker twice.

    pytest-cov begins in a worker as if it were such a process, and forgets that measurement when it
    begins the worker's own. coverage.py would go on with it wherever the other one pauses.
    """
    distributing = getattr(session.config.option, "dist", "no") != "no"
    controller = controller_of(session.config)
    if controller and (distributing or hasattr(session.config, "workerinput")):
        controller.cov.stop()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Pause for all of a test that is not measured, its fixtures and reports as well."""
    controller = controller_of(item.config)
    if controller is None or not item.stash.get(UNMEASURED, False):
        return (yield)
    controller.pause()
    try:
        return (yield)
    finally:
        controller.resume()


def controller_of(config: pytest.Config) -> Any:
    """What measures coverage in this process, or None."""
    return getattr(config.pluginmanager.getplugin("_cov"), "cov_controller", None)


def unmeasured(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """The slow tests, and those behind the first rows of a table."""
    rows: Counter[str] = Counter()
    for item in items:
        function = item.nodeid.partition("[")[0]
        rows[function] += 1
        if item.get_closest_marker("slow") or rows[function] > MOST_ROWS:
            yield item
