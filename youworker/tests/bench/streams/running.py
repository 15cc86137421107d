"""All of it, on a scratch installation that talks to a model double."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from youworker.tests.bench import Report
from youworker.tests.bench.chat import ask_together, product_with_double
from youworker.tests.bench.product import make_people
from youworker.tests.bench.soak.ledger import Ledger
from youworker.tests.bench.soak.load import make_users
from youworker.tests.bench.streams import crowds, doors, rejoining, stops

if TYPE_CHECKING:
    from youworker.tests.bench import Figure
    from youworker.tests.bench.product import Person, Product


# Units of figures that have to hold on any machine.
PROMISES = ("tokens", "answers", "stops")


def run(minutes: float) -> Report:
    """Measure; `minutes` is how long fifty clients drop and rejoin."""
    if minutes <= 0:
        raise ValueError("--minutes must be above 0.")
    ledger = Ledger()
    with product_with_double() as (product, port):
        person = make_people(product, 1)[0]
        figures = asyncio.run(measure(product, person, ledger, port, minutes))
    # Speed depends on the machine; what is lost or still held does not.
    failed = [each.name for each in figures if each.ok is False and each.unit in PROMISES]
    return Report(figures, [*ledger.reasons(), *failed])


async def measure(
    product: Product, person: Person, ledger: Ledger, port: int, minutes: float
) -> list[Figure]:
    """Warm up, then one after the other."""
    await ask_together(product, 2, "[[tokens=20]]")
    figures = await doors.measure(product)
    async with make_users(product, [person], ledger) as users:
        user = users[0]
        figures += await crowds.torrent(user)
        figures += await crowds.readers(user)
        figures += await stops.measure(user, port)
        figures += await rejoining.measure(user, minutes)
    return figures
