"""A pytest plugin: what many tests share ends with the last test of its process that uses it.

A product that nobody asks anything takes a twentieth of a processor. Kept until the last test of a
worker had run, three of each worker's would be half a processor for most of the time.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from contextlib import AbstractContextManager

    from youworker.tests.bench.product import Product

# Fixtures that `SharedProducts.start` gives, in the order in which their files come.
PRODUCTS = ("running_product", "quoting_product", "started_mortal_product")


class SharedProducts:
    """Products that are running, and until which test each is needed."""

    def __init__(self, items: Iterable[pytest.Item]) -> None:
        self.places = {item.nodeid: place for place, item in enumerate(items)}
        self.last = {
            name: self.places[item.nodeid] for item in items for name in products_of([item])
        }
        self.running: dict[str, ExitStack] = {}

    def start(self, name: str, product: AbstractContextManager[Product]) -> Product:
        """Start a product, which is known by its fixture's name."""
        stack = self.running[name] = ExitStack()
        return stack.enter_context(product)

    def end_unneeded(self, upcoming: pytest.Item | None) -> None:
        """End what neither the next test nor any after it uses."""
        place = self.places[upcoming.nodeid] if upcoming else len(self.places)
        for name in [name for name in self.running if place > self.last.get(name, -1)]:
            self.running.pop(name).close()

    def end_all(self) -> None:
        """End what is still running."""
        while self.running:
            self.running.popitem()[1].close()


SHARED = pytest.StashKey[SharedProducts]()


def products_of(items: Iterable[pytest.Item]) -> list[str]:
    """The products that tests use."""
    used = {name for item in items for name in getattr(item, "fixturenames", ())}
    return [name for name in PRODUCTS if name in used]


@pytest.fixture(scope="session")
def shared_products(request: pytest.FixtureRequest) -> Iterator[SharedProducts]:
    """Where a session's fixtures start their products."""
    shared = request.session.stash[SHARED] = SharedProducts(request.session.items)
    yield shared
    shared.end_all()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, None, None]:
    """End products after their last test; what goes wrong then is that test's failure."""
    yield
    if shared := item.session.stash.get(SHARED, None):
        shared.end_unneeded(nextitem)
