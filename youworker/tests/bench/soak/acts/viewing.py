"""One run and several viewers: late, in parts, slow, over a socket, and some who leave."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from youworker.tests.bench.soak.ledger import LoadFault
from youworker.tests.bench.soak.log import SLOW_BUFFER, view_by_socket, view_events

if TYPE_CHECKING:
    from youworker.tests.bench.soak.log import SeenLog
    from youworker.tests.bench.soak.user import User

QUESTION = "[[tokens=160,rate=40]]"
LATE_SECONDS = 1.5
EVENTS_OF_A_PART = 12
# Seconds a slow viewer takes for each event: longer than the model does.
SLOW_SECONDS = 0.06


async def watch_together(user: User) -> None:
    """Post a question, let everybody watch it, and compare what they saw."""
    session = await user.begin_session()
    posted = await user.post(session, QUESTION)
    viewers = [
        view_late(user, replaced(posted)),
        view_in_parts(user, replaced(posted)),
        view_slowly(user, replaced(posted)),
        view_on_socket(user, session, replaced(posted)),
    ]
    outcomes = await asyncio.gather(*viewers, leave_early(user, posted), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
        if outcome is not None:
            await user.check_answer(session, outcome)
    afterwards = await view_slowly(user, replaced(posted))
    await user.check_answer(session, afterwards)
    await user.delete_session(session)


def replaced(seen: SeenLog) -> SeenLog:
    """A log of the same run of which nothing was seen."""
    return replace(seen, position=0, pieces=[], kinds=set(), broken=[], done=None)


async def view_late(user: User, seen: SeenLog) -> SeenLog:
    """Join while the answer is being written."""
    await asyncio.sleep(LATE_SECONDS)
    async with aclosing(view_events(user.address, user.key, seen)) as steps:
        async for _ in steps:
            pass
    return seen


async def view_in_parts(user: User, seen: SeenLog) -> SeenLog:
    """Lose the connection again and again, and go on after the last event seen."""
    while seen.done is None:
        begun = seen.position
        async with aclosing(view_events(user.address, user.key, seen)) as steps:
            async for _ in steps:
                if seen.position >= begun + EVENTS_OF_A_PART:
                    break
        if seen.position == begun:
            raise LoadFault("viewer: a stream that was taken up again gave nothing", seen.run_id)
    return seen


async def view_slowly(user: User, seen: SeenLog) -> SeenLog:
    """Read with pauses, over a connection that holds little."""
    steps = view_events(user.address, user.key, seen, receive_buffer=SLOW_BUFFER)
    async with aclosing(steps):
        async for _ in steps:
            await asyncio.sleep(SLOW_SECONDS)
    return seen


async def view_on_socket(user: User, session: str, seen: SeenLog) -> SeenLog:
    """Join late, over a WebSocket."""
    await asyncio.sleep(LATE_SECONDS / 2)
    async with aclosing(view_by_socket(user.address, user.key, session, seen)) as steps:
        async for _ in steps:
            pass
    return seen


async def leave_early(user: User, seen: SeenLog) -> None:
    """Look at some events and go."""
    async with aclosing(view_events(user.address, user.key, seen)) as steps:
        async for _ in steps:
            if seen.position >= EVENTS_OF_A_PART:
                return
