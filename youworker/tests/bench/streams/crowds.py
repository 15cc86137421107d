"""One reader of a torrent, and many readers of one answer."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

import psutil

from youworker.tests.bench import Figure, at_most
from youworker.tests.bench.soak.log import view_by_socket, view_events

if TYPE_CHECKING:
    from youworker.tests.bench.soak.log import SeenLog
    from youworker.tests.bench.soak.user import User

TORRENT = 5000
READERS = 10
# What a torrent may take: the second in which it is sent, and one to write and read it.
TORRENT_SECONDS = 2.0


async def torrent(user: User) -> list[Figure]:
    """Five thousand tokens within a second, to one reader."""
    session = await user.begin_session()
    began = time.monotonic()
    seen = await user.post(session, f"[[tokens={TORRENT},rate={TORRENT}]]")
    await read(user, session, seen, by_socket=False)
    seconds = time.monotonic() - began
    await user.check_answer(session, seen)
    lost = TORRENT - len(seen.text.split())
    return [
        at_most(f"{TORRENT} tokens in a second, to the end", seconds, "s", TORRENT_SECONDS),
        at_most(f"{TORRENT} tokens in a second, lost", lost, "tokens", 0),
    ]


async def readers(user: User) -> list[Figure]:
    """One answer with one reader, then with ten of both kinds: the cost of nine more."""
    alone = await cost_of(user, 1)
    together = await cost_of(user, READERS)
    return [
        Figure("web CPU of an answer, one reader", alone * 1000, "ms"),
        Figure(f"web CPU of an answer, {READERS} readers", together * 1000, "ms"),
        at_most(
            f"CPU of {READERS} readers, in those of one",
            together / max(alone, 0.01),
            "times",
            READERS,
        ),
    ]


async def cost_of(user: User, count: int) -> float:
    """CPU seconds of the web process for one answer that `count` viewers read."""
    session = await user.begin_session()
    web = psutil.Process(user.product.web.pid)
    before = web.cpu_times()
    posted = await user.post(session, "[[tokens=2000,rate=500]]")
    logs = [replace(posted, pieces=[], kinds=set(), broken=[]) for _ in range(count)]
    reading = [read(user, session, log, by_socket=bool(n % 2)) for n, log in enumerate(logs)]
    await asyncio.gather(*reading)
    after = web.cpu_times()
    for log in logs:
        await user.check_answer(session, log)
    return float(after.user + after.system - before.user - before.system)


async def read(user: User, session: str, seen: SeenLog, *, by_socket: bool) -> None:
    """Read a run to its end."""
    steps = (
        view_by_socket(user.address, user.key, session, seen)
        if by_socket
        else view_events(user.address, user.key, seen)
    )
    async with aclosing(steps):
        async for _ in steps:
            pass
