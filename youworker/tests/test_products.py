"""Products that tests share, and when they end."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from youworker.tests.support.products import PRODUCTS, SharedProducts

ONE, OTHER = PRODUCTS[:2]


def uses(name, *fixtures):
    return SimpleNamespace(nodeid=name, fixturenames=[*fixtures, "tmp_path"])


@contextmanager
def noted(events, name):
    events.append(f"{name} runs")
    yield name
    events.append(f"{name} ended")


@pytest.fixture
def items():
    return [uses("a", ONE), uses("b"), uses("c", OTHER, ONE), uses("d", OTHER), uses("e")]


def test_a_product_ends_after_the_last_test_that_uses_it(items):
    shared, events = SharedProducts(items), []
    assert shared.start(ONE, noted(events, "one")) == "one"
    shared.start(OTHER, noted(events, "other"))
    shared.end_unneeded(items[1])
    shared.end_unneeded(items[2])
    assert events == ["one runs", "other runs"]
    shared.end_unneeded(items[3])
    assert events[2:] == ["one ended"]
    shared.end_unneeded(items[4])
    assert events[2:] == ["one ended", "other ended"]


def test_a_worker_that_gets_no_further_test_ends_all(items):
    shared, events = SharedProducts(items), []
    shared.start(ONE, noted(events, "one"))
    shared.end_unneeded(None)
    assert events == ["one runs", "one ended"]


def test_an_interrupted_session_ends_all(items):
    shared, events = SharedProducts(items), []
    shared.start(ONE, noted(events, "one"))
    shared.start(OTHER, noted(events, "other"))
    shared.end_all()
    shared.end_all()
    assert events == ["one runs", "other runs", "other ended", "one ended"]
