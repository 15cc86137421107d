"""Answers that are stopped at any moment: how soon the model's server is let go."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any

import httpx2

from youworker.tests.bench import Figure, at_most
from youworker.tests.bench.soak.ledger import LoadFault
from youworker.tests.bench.soak.load import BROKEN
from youworker.tests.bench.soak.log import OK

if TYPE_CHECKING:
    from youworker.tests.bench.soak.user import User

STOPS, TOGETHER = 200, 10
# The answer would take a minute; it is stopped before its first token or after up to 60.
ENDLESS, LATEST = "[[tokens=2400,rate=40]]", 1.5
BUDGET, PATIENCE, PAUSE = 1.0, 5.0, 0.02


async def measure(user: User, double_port: int) -> list[Figure]:
    """Stop two hundred answers at random moments, ten at a time."""
    limit, waits = asyncio.Semaphore(TOGETHER), list[float]()
    asked = [stop_one(user, limit, number, double_port, waits) for number in range(STOPS)]
    await asyncio.gather(*asked)
    late = STOPS - sum(wait <= BUDGET for wait in waits)
    return [
        Figure(
            "model's connection closed after a stop, median", sorted(waits)[len(waits) // 2], "s"
        ),
        Figure("model's connection closed after a stop, longest", max(waits), "s"),
        at_most(f"of {STOPS} stops, not closed within {BUDGET:g} s", late, "stops", 0),
    ]


async def stop_one(
    user: User, limit: asyncio.Semaphore, number: int, port: int, waits: list[float]
) -> None:
    """Ask, wait, stop, and note how long the model went on talking."""
    async with limit:
        mark = f"stop number {number}."
        try:
            waits.append(await seconds_to_close(user, mark, port))
        except LoadFault as fault:
            user.ledger.add_fault(fault)
        except BROKEN as error:
            user.ledger.add_fault(LoadFault(f"stopping: {type(error).__name__}", str(error)))


async def seconds_to_close(user: User, mark: str, port: int) -> float:
    """How long after the stop was accepted its model's server still had a reader."""
    session = await user.begin_session()
    seen = await user.post(session, f"{ENDLESS} {mark}")
    await asyncio.sleep(random.uniform(0, LATEST))
    stopped = time.monotonic()
    await user.call("run stop", "POST", f"/v1/runs/{seen.run_id}/stop", expect=(202,))
    while True:
        run = await user.get("run read", f"/v1/runs/{seen.run_id}")
        asked = await asked_of_model(mark, port)
        closed = [row["abandoned_at"] for row in asked]
        if run["status"] == "stopped" and all(closed):
            break
        if time.monotonic() - stopped > PATIENCE:
            raise LoadFault("stopping: the model still talks", f"{seen.run_id} {run['status']}")
        await asyncio.sleep(PAUSE)
    user.ledger.open_runs.pop(seen.run_id, None)
    # A run that was stopped before it asked has nothing to close.
    return max([moment - stopped for moment in closed], default=0.0)


async def asked_of_model(mark: str, port: int) -> list[dict[str, Any]]:
    """The requests for the question `mark`; clocks of two processes are one on a machine."""
    async with httpx2.AsyncClient() as client:
        answer = await client.post(f"http://127.0.0.1:{port}/control/asked", json={"mark": mark})
    if answer.status_code != OK:
        raise LoadFault(f"the double answered {answer.status_code}")
    return list(answer.json())
