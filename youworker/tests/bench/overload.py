"""One GPU that four times too many people use: admitted answers, the queue, and who is refused."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from youworker.tests.bench import Report, at_least, at_most
from youworker.tests.bench.chat import model_double
from youworker.tests.bench.product import headers_of, make_people, running_product
from youworker.tests.bench.raw import send_request
from youworker.tests.bench.sse import read_events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from youworker.tests.bench.product import Person, Product

# So many answers at a time share the tokens per second of one GPU; four times as many are asked.
ROOM, TIMES, RATE, TOKENS = 4, 4, 200.0, 100
QUESTION = f"[[tokens={TOKENS},rate={RATE:g},shared]]"
# One of them asks as much at once as all others together.
GREEDY = ROOM * TIMES
BOUND = 24


@dataclass(slots=True)
class Asked:
    """One question, and what became of it; times are seconds of the monotonic clock."""

    person: str
    asked: float = field(default_factory=time.monotonic)
    first: float = 0.0
    ended: float = 0.0
    tokens: int = 0
    places: list[int] = field(default_factory=list)
    status: int = 200
    retry_after: str = ""

    @property
    def speed(self) -> float:
        """Tokens per second while it was made."""
        return (self.tokens - 1) / (self.ended - self.first)


def run() -> Report:
    """Measure a scratch installation with room for four answers at its model server."""
    with model_double() as port:
        settings = {
            "LLM_BASE_URL": f"http://127.0.0.1:{port}/v1",
            "LLM_MAX_RUNS": str(ROOM),
            "LLM_MAX_QUEUED": str(BOUND),
            # A title takes one of the four rooms while nobody waits, and lasts here as an answer.
            "AGENT_TITLES": "False",
        }
        with running_product(**settings) as product:
            people = make_people(product, ROOM * TIMES + 1)
            return asyncio.run(measure(product, people, port))


async def measure(product: Product, people: list[Person], port: int) -> Report:
    """As many as there is room for; then four times as many; then one who floods the queue."""
    await ask_all(product, people[:1])
    alone = await ask_all(product, people[:ROOM])
    crowd = await ask_all(product, people[: ROOM * TIMES])
    most = await asyncio.to_thread(most_streams, port)
    flood = [asyncio.create_task(ask(product, people[-1])) for _ in range(GREEDY)]
    await asyncio.sleep(0.5)
    late = await ask_all(product, people[:ROOM])
    flooded = await asyncio.gather(*flood)
    burst = await ask_all(product, people[-1:] * (ROOM + BOUND + 12))
    stopped = await free_after_stop(product, people[: ROOM + 1])
    return report(alone, crowd, most, late, flooded, burst, stopped)


async def ask_all(product: Product, people: list[Person]) -> list[Asked]:
    """Have everybody ask at once."""
    return list(await asyncio.gather(*(ask(product, person) for person in people)))


async def ask(product: Product, person: Person) -> Asked:
    """Ask, and read the stream to its end."""
    one = Asked(person.username)
    body = orjson.dumps({"text": QUESTION, "stream": True, "enable_tools": False})
    headers = headers_of(person)
    where = (product.host, product.port)
    async with send_request(where, "/v1/chat", headers, body=body) as answer:
        one.status = answer.status
        one.retry_after = answer.headers.get("retry-after", "")
        if answer.status == 200:
            async for _, kind, data in read_events(answer):
                take(one, kind, orjson.loads(data))
    return one


def take(one: Asked, kind: bytes, data: dict[str, Any]) -> None:
    """Note what an event says."""
    if kind == b"token":
        one.first = one.first or time.monotonic()
        one.tokens += len(data["text"].split())
    elif kind == b"run" and data.get("position"):
        one.places.append(data["position"])
    elif kind == b"done":
        one.ended = time.monotonic()


def most_streams(port: int) -> int:
    """How many answers the model double made at a time."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/control/streams") as answer:
        return int(json.load(answer)["most"])


async def free_after_stop(product: Product, people: list[Person]) -> float:
    """Seconds from the stop of an answer until who waited for its room has a first token."""
    slow = orjson.dumps({"text": "[[tokens=2000,rate=20]]", "stream": True, "enable_tools": False})
    where, waits = (product.host, product.port), people[-1]
    run_ids: list[str] = []

    async def hold(person: Person) -> None:
        headers = headers_of(person)
        async with send_request(where, "/v1/chat", headers, body=slow) as answer:
            run_ids.append(answer.headers["x-run-id"])
            async for _event in read_events(answer):
                pass

    holders = [asyncio.create_task(hold(person)) for person in people[:ROOM]]
    await asyncio.sleep(1.5)
    waiting = asyncio.create_task(ask(product, waits))
    await asyncio.sleep(1.5)
    began = time.monotonic()
    keys = [person.api_key for person in people[:ROOM]]
    for run_id, key in ((run_id, key) for run_id in run_ids[:ROOM] for key in keys):
        await stop(where, run_id, key)
    one = await waiting
    await asyncio.gather(*holders)
    return one.first - began


async def stop(where: tuple[str, int], run_id: str, key: str) -> None:
    """Ask for the end of a run; whose it is not is told that there is none."""
    headers = {"Authorization": f"Bearer {key}"}
    async with send_request(where, f"/v1/runs/{run_id}/stop", headers, body=b"{}"):
        return


def report(
    alone: list[Asked],
    crowd: list[Asked],
    most: int,
    late: list[Asked],
    flooded: list[Asked],
    burst: list[Asked],
    stopped: float,
) -> Report:
    """The figures, and what is not as it should be."""
    before, during = (statistics.median(speeds(asked)) for asked in (alone, crowd))
    waited = [one for one in crowd if one.places]
    last_late = max(one.ended for one in late)
    greedy_after = sum(one.ended > last_late for one in flooded)
    refused = [one for one in burst if one.status != 200]
    figures = [
        at_least("tokens per second of an answer, as many as fit", before, "tok/s", 1),
        at_least("the same at 4 times as many, compared", during / before * 100, "%", 95),
        at_most("answers the model server made at a time", most, "answers", ROOM),
        at_least("answers of the crowd that were told a place", len(waited), "answers", 1),
        at_most("highest place that was told", max(places(crowd), default=0), "place", 12),
        at_most(
            "first token of others while one floods the queue",
            max(one.first - one.asked for one in late),
            "s",
            3.5 * TOKENS * ROOM / RATE,
        ),
        at_least("answers of the flood that came after theirs", greedy_after, "answers", 8),
        at_least("questions refused beyond the bound", len(refused), "questions", 8),
        at_most("room is free after a stop", stopped, "s", 1),
    ]
    reasons = [*lost(crowd), *wrong(refused)]
    return Report(figures, reasons + [f.name for f in figures if f.ok is False])


def speeds(asked: list[Asked]) -> Iterator[float]:
    """The speed of each answer."""
    return (one.speed for one in asked)


def places(asked: list[Asked]) -> Iterator[int]:
    """Every place that was told."""
    return (place for one in asked for place in one.places)


def lost(asked: list[Asked]) -> Iterator[str]:
    """Answers that are not whole."""
    return (f"{one.person} got {one.tokens} tokens" for one in asked if one.tokens != TOKENS)


def wrong(refused: list[Asked]) -> Iterator[str]:
    """Refusals that are none as promised."""
    return (
        f"refused with {one.status}, Retry-After {one.retry_after!r}"
        for one in refused
        if one.status != 429 or not one.retry_after.isdigit()
    )
