"""Clients whose connection breaks every few seconds: nothing is lost, doubled or out of order."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from youworker.tests.bench import Figure, at_least, at_most
from youworker.tests.bench.soak.ledger import LoadFault
from youworker.tests.bench.soak.load import BROKEN
from youworker.tests.bench.soak.log import view_by_socket, view_events
from youworker.tests.bench.soak.samples import memory_of_process

if TYPE_CHECKING:
    from youworker.tests.bench.soak.log import SeenLog
    from youworker.tests.bench.soak.user import User

CLIENTS = 50
# Seconds a connection holds.
SHORTEST, LONGEST = 0.5, 3.0
# An answer of ten seconds, which breaks some six times.
TOKENS, RATE = 100, 10
SAMPLE_SECONDS = 5.0
MEBIBYTE = 2**20
# What pools and caches may still take after the first third.
GROWTH = 8.0


@dataclass(slots=True)
class Counted:
    """What happened."""

    answers: int = 0
    breaks: int = 0
    wrong: int = 0
    memory: list[float] = field(default_factory=list)


async def measure(user: User, minutes: float) -> list[Figure]:
    """Let everybody ask and lose their connections for some minutes."""
    until = time.monotonic() + minutes * 60
    counted = Counted()
    clients = [repeat(user, counted, until, by_socket=bool(n % 2)) for n in range(CLIENTS)]
    await asyncio.gather(watch_memory(user, counted, until), *clients)
    third = max(len(counted.memory) // 3, 1)
    settled, last = counted.memory[third : 2 * third], counted.memory[-third:]
    grown = median(last) - median(settled or last)
    return [
        at_least(f"answers read by {CLIENTS} who drop and rejoin", counted.answers, "answers", 1),
        at_least("connections that broke in mid-answer", counted.breaks, "breaks", 1),
        at_most("answers lost, doubled or out of order", counted.wrong, "answers", 0),
        Figure("web process, at the end", counted.memory[-1], "MiB"),
        at_most("growth of the web process, last third to middle", grown, "MiB", GROWTH),
    ]


async def repeat(user: User, counted: Counted, until: float, *, by_socket: bool) -> None:
    """Ask again and again; whatever is not as it should be counts as wrong."""
    while time.monotonic() < until:
        try:
            await ask(user, counted, by_socket=by_socket)
            counted.answers += 1
        except LoadFault as fault:
            counted.wrong += 1
            user.ledger.add_fault(fault)
        except BROKEN as error:
            counted.wrong += 1
            user.ledger.add_fault(LoadFault(f"rejoining: {type(error).__name__}", str(error)))


async def ask(user: User, counted: Counted, *, by_socket: bool) -> None:
    """Ask one question and read its answer in pieces; raises `LoadFault` when they do not fit."""
    session = await user.begin_session()
    seen = await user.post(session, f"[[tokens={TOKENS},rate={RATE},numbered]]")
    while seen.done is None:
        try:
            async with asyncio.timeout(random.uniform(SHORTEST, LONGEST)):
                await read_on(user, session, seen, by_socket=by_socket)
        except TimeoutError:
            counted.breaks += 1
    for sentence in seen.faults():
        raise LoadFault(f"rejoining: {sentence}", seen.run_id)
    await user.check_answer(session, seen)
    if digest(seen.text) != digest("".join(f"w{number} " for number in range(TOKENS))):
        raise LoadFault("rejoining: another text than the model's", seen.text[:200])
    await user.delete_session(session)


async def read_on(user: User, session: str, seen: SeenLog, *, by_socket: bool) -> None:
    """Read from the event after the last one seen."""
    steps = (
        view_by_socket(user.address, user.key, session, seen)
        if by_socket
        else view_events(user.address, user.key, seen)
    )
    async with aclosing(steps):
        async for _ in steps:
            pass


async def watch_memory(user: User, counted: Counted, until: float) -> None:
    """Look at the web process every few seconds."""
    while not counted.memory or time.monotonic() < until:
        counted.memory.append(memory_of_process(user.product.web) / MEBIBYTE)
        await asyncio.sleep(SAMPLE_SECONDS)


def digest(text: str) -> str:
    """What stands for a whole text."""
    return hashlib.sha256(text.encode()).hexdigest()


def median(values: list[float]) -> float:
    """The middle one."""
    return sorted(values)[len(values) // 2]
