"""Who does what at the same time: a fixed number of actors, one request each, until told to end."""

from __future__ import annotations

import asyncio
import itertools
import time
import zipfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2

from youworker.tests.bench.soak.acts import asking, filing, reading, viewing
from youworker.tests.bench.soak.ledger import LoadFault
from youworker.tests.bench.soak.purge import purge_repeatedly
from youworker.tests.bench.soak.user import User
from youworker.tests.bench.websocket import HandshakeRefused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

    from youworker.tests.bench.product import Person, Product
    from youworker.tests.bench.soak.ledger import Ledger

# Longer than any round takes; a round that is not over then has been forgotten by the product.
ROUND_SECONDS = 150.0
REQUEST_SECONDS = 60.0
# Connections that break, and answers that are not what they should be.
BROKEN = (
    httpx2.HTTPError,
    HandshakeRefused,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    zipfile.BadZipFile,
)


@dataclass(frozen=True, slots=True)
class Actor:
    """An act that is done again and again by some users at once, with a pause in seconds."""

    act: Callable[[User], Awaitable[None]]
    count: int
    pause: float


# Some forty requests and streams at once: more than there are connections in the pool, and what
# two cores bear without a queue that grows.
ACTORS = (
    Actor(asking.ask_by_events, 3, 0.5),
    Actor(asking.ask_by_socket, 3, 0.5),
    Actor(asking.ask_in_one_call, 2, 1),
    Actor(asking.stop_midway, 1, 1),
    Actor(asking.regenerate, 1, 1),
    Actor(asking.ask_with_tool, 1, 1),
    Actor(viewing.watch_together, 4, 1),
    Actor(filing.upload_and_search, 2, 2),
    Actor(filing.delete_and_restore, 2, 0.5),
    Actor(filing.download_slowly, 3, 1),
    Actor(filing.export_everything, 1, 15),
    Actor(reading.read_lists, 2, 2),
    Actor(reading.send_bad_requests, 1, 2),
)
# Each round is the next user's, so that all of them have something of every kind.
USERS = 6


@asynccontextmanager
async def make_users(
    product: Product, people: Sequence[Person], ledger: Ledger
) -> AsyncIterator[list[User]]:
    """Open a client for each person."""
    async with httpx2.AsyncClient(base_url=product.base_url, timeout=REQUEST_SECONDS) as client:
        yield [User(person, product, ledger, client) for person in people]


async def apply_load(product: Product, users: Sequence[User], seconds: float) -> None:
    """Let everybody act for some time; returns when the last round is over."""
    *crowd, bystander = users
    until = time.monotonic() + seconds
    turns = itertools.cycle(crowd)
    rounds = [
        repeat(actor.act, turns, actor.pause, until) for actor in ACTORS for _ in range(actor.count)
    ]
    bystanding = repeat(reading.read_health_and_self, itertools.repeat(bystander), 0.5, until)
    await asyncio.gather(*rounds, bystanding, purge_repeatedly(product, bystander.ledger, until))


async def repeat(
    act: Callable[[User], Awaitable[None]], turns: Iterator[User], pause: float, until: float
) -> None:
    """Let one after the other do a thing; what goes wrong is noted, and the next round begins."""
    while time.monotonic() < until:
        user = next(turns)
        try:
            async with asyncio.timeout(ROUND_SECONDS):
                await act(user)
            user.ledger.acts[act.__name__] += 1
        except LoadFault as fault:
            user.ledger.add_fault(fault)
        except TimeoutError:
            user.ledger.add_fault(LoadFault(f"{act.__name__}: not done after {ROUND_SECONDS:g} s"))
        except BROKEN as error:
            user.ledger.add_fault(LoadFault(f"{act.__name__}: {type(error).__name__}", str(error)))
        await asyncio.sleep(pause)
