"""Every fault of a tool server, with the limits that are in force without any setting."""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp.tests.http_faults import SERVERS
from mcp.tests.scripts import ScriptedHttp, usual
from youworker.core.config import BASE_DIR
from youworker.tests.bench import Figure, at_most
from youworker.tests.bench.chat import product_with_model
from youworker.tests.bench.faults.answers import ask_agent
from youworker.tests.bench.product import make_people, run_command

if TYPE_CHECKING:
    from mcp.tests.http_faults import Answered
    from youworker.tests.bench.faults.answers import Address, Met
    from youworker.tests.bench.product import Person, Product

FAULTY = str(Path(BASE_DIR) / "mcp" / "tests" / "programs" / "faulty.py")
PROGRAMS = (
    *("dead", "hanging", "slow", "huge", "endless line", "half", "junk", "junk for ever"),
    *("notifications", "forks", "orders", "lies", "asks us", "wrong id"),
)
DECLARE = """
import json
from mcp.enums import Policy
from mcp.services import create_server, discover_server
for slug, where in json.loads({declared!r}).items():
    server = create_server(slug, actor=None, **where)
    discover_server(server)
    server.tools.update(policy=Policy.AUTO)
"""
LONGEST_SECONDS = 60.0
LONGEST_SLUG = 32
PAUSE = 1.0
WENT_ON = "I went on."


def measure() -> tuple[list[Figure], list[str], list[str]]:
    """Have a model call every faulty tool; the figures, what is wrong, and a line for each."""
    with ExitStack() as opened:
        where: dict[str, dict[str, Any]] = {
            slug_of(fault): {"argv": [sys.executable, FAULTY, fault]} for fault in PROGRAMS
        }
        for fault in SERVERS:
            server = opened.enter_context(ScriptedHttp())
            server.answer = answering(fault)
            where[slug_of(f"at {fault}")] = {"url": server.url}
        hanging = opened.enter_context(ScriptedHttp())
        hanging.answer = lambda request, message: hang(hanging, request, message)
        where["at-hanging"] = {"url": hanging.url}
        product = opened.enter_context(product_with_model(AGENT_TITLES="0"))
        declare(product, where)
        people = make_people(product, len(where) + 1)
        address = product.host, product.port
        return asyncio.run(call_all(address, people, list(where)))


def slug_of(fault: str) -> str:
    """A name for the server with this fault."""
    return re.sub(r"\W+", "-", fault).lower()[:LONGEST_SLUG]


def answering(fault: str) -> Any:
    """What the server with this fault answers; it lists its tools as others do."""
    breaks, _ = SERVERS[fault]

    def answer(request: Any, message: dict[str, Any]) -> Answered:
        called = message.get("method") == "tools/call"
        return breaks(request, message) if called else usual(request, message)

    return answer


def hang(server: ScriptedHttp, request: Any, message: dict[str, Any]) -> Answered:
    """Say nothing to a call until the end."""
    if message.get("method") == "tools/call":
        server.released.wait()
    return usual(request, message)


def declare(product: Product, where: dict[str, dict[str, Any]]) -> None:
    """Have staff add the servers and allow their tools."""
    program = DECLARE.format(declared=json.dumps(where))
    run_command(product.environment, "shell", "-v0", "-c", program)


async def call_all(
    address: Address, people: list[Person], slugs: list[str]
) -> tuple[list[Figure], list[str], list[str]]:
    """All of them at once, each by somebody else."""
    asked = [
        ask_agent(address, person, f"[[tool={slug}__echo,tokens=0,text={WENT_ON}]]")
        for person, slug in zip(people[:-1], slugs, strict=True)
    ]
    passing = asyncio.create_task(ask_on(address, people[-1]))
    found: list[Met] = await asyncio.gather(*asked)
    passing.cancel()
    waits = await passing
    wrong = [
        f"{slug}: {met.code} {met.text!r} {met.tools}"
        for slug, met in zip(slugs, found, strict=True)
        if met.code or met.text != WENT_ON or len(met.tools) != 1
    ]
    notes = [
        f"{slug:<36} {met.seconds:6.2f} s  tool: {', '.join(met.tools)}"
        for slug, met in zip(slugs, found, strict=True)
    ]
    longest = max(met.seconds for met in found)
    return (
        [
            at_most("faults of a tool server that end the chat", len(wrong), "answers", 0),
            at_most("longest time until the chat went on", longest, "s", LONGEST_SECONDS),
            Figure("answers to somebody else meanwhile", len(waits), "answers"),
            Figure("their median", statistics.median(waits), "s"),
            Figure("the longest of them", max(waits), "s"),
        ],
        wrong,
        notes,
    )


async def ask_on(address: Address, person: Person) -> list[float]:
    """Ask for as long as nobody cancels; the seconds of each answer."""
    waits = list[float]()
    with suppress(asyncio.CancelledError):
        while True:
            waits.append((await ask_agent(address, person, "[[tokens=0,text=Hello.]]")).seconds)
            await asyncio.sleep(PAUSE)
    return waits
