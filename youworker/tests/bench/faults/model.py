"""Every fault of a model server, while somebody at another web process waits for its only place."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from youworker.tests.bench import Figure, at_most
from youworker.tests.bench.faults.answers import DOORS, ask_agent
from youworker.tests.bench.product import make_people, running_product, second_web
from youworker.tests.support.model_server import ModelServer
from youworker.tests.support.model_server.scenes import SCENES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from youworker.tests.bench.faults.answers import Address, Met
    from youworker.tests.bench.product import Person
    from youworker.tests.support.model_server.scenes import Scene

CLOCKS = {"first_token": 4.0, "idle": 4.0, "total": 8.0}
# What three tries with their pauses take at most.
AT_ONCE = 5.0
SETTINGS = {
    **{f"LLM_{name.upper()}_TIMEOUT": str(seconds) for name, seconds in CLOCKS.items()},
    "LLM_MAX_RUNS": "1",
    "CHAT_MODEL": "double",
    "AGENT_TITLES": "0",
}
# Until the faulty question has the place.
HEAD_START = 0.3


def measure() -> tuple[list[Figure], list[str], list[str]]:
    """Meet every fault by every door; the figures, what is wrong, and a line for each."""
    with ModelServer() as server:
        server.state.scenes.update((name, scene.turn) for name, scene in SCENES.items())
        with (
            running_product(LLM_BASE_URL=server.base_url, **SETTINGS) as product,
            second_web(product) as (_, port),
        ):
            people = make_people(product, 2)
            addresses = (product.host, product.port), (product.host, port)
            return asyncio.run(meet_all(addresses, people))


async def meet_all(
    addresses: tuple[Address, Address], people: list[Person]
) -> tuple[list[Figure], list[str], list[str]]:
    """One after the other."""
    gaps, late, wrong, notes = list[float](), list[float](), list[str](), list[str]()
    for name, scene in SCENES.items():
        for door in DOORS:
            met, behind = await meet(addresses, people, name, door)
            gap = behind.first - max(met.ended, behind.asked)
            overrun = met.seconds - CLOCKS.get(scene.clock, AT_ONCE)
            gaps.append(gap)
            late.append(overrun)
            wrong += [f"{name} ({door}): {each}" for each in wrongs(scene, met, behind)]
            notes.append(
                f"{name:<36} {door:<6} {met.seconds:6.2f} s  next after {gap:5.2f} s "
                f" {met.code or 'ok'}: {met.said[:60]}"
            )
    figures = [
        at_most("faults of a model server that end in another way", len(wrong), "answers", 0),
        at_most("longest time beyond the clock of a fault", max(late), "s", 1),
        at_most("whoever waited has a token after the end of a fault", max(gaps), "s", 1),
    ]
    return figures, wrong, notes


async def meet(
    addresses: tuple[Address, Address], people: list[Person], name: str, door: str
) -> tuple[Met, Met]:
    """Ask for a fault, and have somebody wait behind it at the other process."""
    faulty = asyncio.create_task(DOORS[door](addresses[0], people[0], f"[[scene={name}]]"))
    await asyncio.sleep(HEAD_START)
    behind = await ask_agent(addresses[1], people[1], "[[text=Next.]]")
    return await faulty, behind


def wrongs(scene: Scene, met: Met, behind: Met) -> Iterator[str]:
    """What is not as the scene says."""
    if bool(met.code) != bool(scene.code):
        yield f"ended with {met.code or 'success'} instead of {scene.code or 'success'}"
    if met.stored is not None and met.code != scene.code:
        yield f"ended with {met.code!r} instead of {scene.code!r}"
    if scene.said not in met.said:
        yield f"said {met.said!r}"
    is_kept = met.text.startswith(scene.text) and (met.text == scene.text or scene.clock == "total")
    if not is_kept:
        yield f"showed {met.text[:80]!r}"
    if met.stored not in (None, met.text):
        yield f"stored {str(met.stored)[:80]!r}"
    if (behind.code, behind.text) != ("", "Next."):
        yield f"whoever waited got {behind.text!r} {behind.said}"
