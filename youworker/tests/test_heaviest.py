"""Which files of tests are begun first."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from youworker.tests.support.heaviest import (
    SLOW_TEST,
    heaviest_first,
    pytest_collection_modifyitems,
)
from youworker.tests.support.products import PRODUCTS

HERE = Path(__file__).parent


def made_tests(
    session: pytest.Session, name: str, count: int, *, slow: int = 0
) -> list[pytest.Item]:
    """Tests of a file, of which the last ones are slow."""
    module: Any = pytest.Module.from_parent(session, path=HERE / name)
    items: list[pytest.Item] = []
    for number in range(count):
        item: Any = pytest.Function.from_parent(module, name=f"test_{number}", callobj=lambda: None)
        if number >= count - slow:
            item.add_marker(pytest.mark.slow)
        items.append(item)
    return items


def test_a_file_with_a_slow_test_begins_before_one_with_more_tests(
    request: pytest.FixtureRequest,
) -> None:
    many = made_tests(request.session, "test_many.py", SLOW_TEST - 1)
    product = made_tests(request.session, "test_product.py", 1, slow=1)
    assert heaviest_first([*many, *product]) == [*product, *many]


def test_a_table_begins_before_one_slow_test(request: pytest.FixtureRequest) -> None:
    table = made_tests(request.session, "test_table.py", SLOW_TEST + 1)
    product = made_tests(request.session, "test_product.py", 1, slow=1)
    assert heaviest_first([*product, *table]) == [*table, *product]


def test_files_that_share_a_product_come_before_others(request: pytest.FixtureRequest) -> None:
    table = made_tests(request.session, "test_table.py", SLOW_TEST + 1)
    one, other, third = (made_tests(request.session, f"test_{name}.py", 1) for name in "abc")
    for tests, product in ((one, PRODUCTS[0]), (other, PRODUCTS[1]), (third, PRODUCTS[0])):
        used: Any = tests[0]
        used.fixturenames.append(product)
    assert heaviest_first([*table, *other, *third, *one]) == [*one, *third, *other, *table]


def test_tests_of_a_file_keep_their_order_and_come_together(
    request: pytest.FixtureRequest,
) -> None:
    one = made_tests(request.session, "test_one.py", 3, slow=1)
    two = made_tests(request.session, "test_two.py", 3)
    mixed = [two[0], one[1], two[1], one[0], one[2], two[2]]
    assert heaviest_first(mixed) == [one[1], one[0], one[2], *two]


def test_files_of_one_weight_are_ordered_alike_by_each_process(
    request: pytest.FixtureRequest,
) -> None:
    one = made_tests(request.session, "test_a.py", 2)
    two = made_tests(request.session, "test_b.py", 2)
    assert heaviest_first([*two, *one]) == heaviest_first([*one, *two]) == [*one, *two]


def test_only_what_several_processes_share_is_ordered(request: pytest.FixtureRequest) -> None:
    light = made_tests(request.session, "test_light.py", 1)
    heavy = made_tests(request.session, "test_heavy.py", 1, slow=1)
    alone: Any = SimpleNamespace()
    worker: Any = SimpleNamespace(workerinput={})
    items = [*light, *heavy]
    pytest_collection_modifyitems(alone, items)
    assert items == [*light, *heavy]
    pytest_collection_modifyitems(worker, items)
    assert items == [*heavy, *light]
