"""What a question costs: processor time and SQL until its model is asked, and at its end.

Measured inside a process that serves like the web process, and once more from outside.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import orjson

from youworker.tests.bench import Figure, at_least, at_most
from youworker.tests.bench.chat import ask_together, model_double
from youworker.tests.bench.product import Product, make_people, run_command, running_product
from youworker.tests.bench.raw import send_request

if TYPE_CHECKING:
    from youworker.tests.bench.product import Person

SETTLE_SECONDS = 3
QUESTIONS = 200
SESSIONS, CONNECTIONS, LISTINGS = 50, 16, 800
MEASURE = "from youworker.tests.bench.question_process import report; report({key!r})"


def run() -> list[Figure]:
    """Measure a scratch installation."""
    with (
        model_double() as port,
        running_product(LLM_BASE_URL=f"http://127.0.0.1:{port}/v1") as product,
    ):
        time.sleep(SETTLE_SECONDS)
        person = make_people(product, 1)[0]
        printed = run_command(
            product.environment, "shell", "-v0", "-c", MEASURE.format(key=person.api_key)
        )
        inside: dict[str, float] = orjson.loads(printed.splitlines()[-1])
        outside = asyncio.run(whole_question(product))
        listed = asyncio.run(list_sessions(product, person))
    return [
        at_most("CPU until the model is asked (post, claim)", inside["asked_ms"], "ms", 6),
        at_most("CPU of the end", inside["ended_ms"], "ms", 4),
        at_most("SQL statements of the post", inside["post_statements"], "", 5),
        at_most("SQL statements of the claim", inside["claim_statements"], "", 2),
        at_most("SQL statements of the end", inside["end_statements"], "", 5),
        Figure("SQL statements that recognise the caller", inside["caller_statements"], ""),
        Figure("CPU of the web process, whole question with its stream", outside, "ms"),
        at_least("GET /v1/sessions, 50 rows, 16 connections", listed, "req/s", 140),
    ]


async def whole_question(product: Product) -> float:
    """CPU of the web process for one question from the request to the end of its stream, in ms."""
    await ask_together(product, 2, "[[tokens=1]]")
    web, before = product.web, product.web.cpu_times()
    for _ in range(QUESTIONS):
        await ask_together(product, 1, "[[tokens=1]]")
    after = web.cpu_times()
    seconds: float = after.user + after.system - before.user - before.system
    return seconds / QUESTIONS * 1000


async def list_sessions(product: Product, person: Person) -> float:
    """How many lists of conversations a second the product gives."""
    address = (product.host, product.port)
    headers = {"Authorization": f"Bearer {person.api_key}"}
    for number in range(SESSIONS):
        body = orjson.dumps({"title": f"Conversation {number}"})
        async with send_request(address, "/v1/sessions", headers, body=body) as answer:
            await answer.reader.read()

    async def ask_often() -> None:
        for _ in range(LISTINGS // CONNECTIONS):
            async with send_request(address, f"/v1/sessions?limit={SESSIONS}", headers) as answer:
                rows: Any = await answer.reader.read()
                if answer.status != 200 or b"Conversation" not in rows:
                    raise RuntimeError(f"the list was answered with {answer.status}")

    start = time.monotonic()
    await asyncio.gather(*(ask_often() for _ in range(CONNECTIONS)))
    return LISTINGS / (time.monotonic() - start)
