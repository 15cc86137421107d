"""A process that serves like the web process, and looks at what each of its questions costs."""

from __future__ import annotations

import asyncio
import logging
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import orjson

from chat.agent.types import TextDelta, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

WARMING, TIMED, COUNTED = 20, 150, 20
# In one conversation; each of its questions reads those before it.
QUESTIONS_EACH = 5
SQL_LOGGER = "django.db.backends"


class HeldModel:
    """Says one word once it is let go."""

    name = "held"
    context_tokens = 8192

    def __init__(self) -> None:
        self.asked, self.released = asyncio.Event(), asyncio.Event()

    async def stream(self, messages: Any, *, tools: Any) -> AsyncGenerator[TextDelta | Usage, None]:
        """Wait, and speak."""
        self.asked.set()
        await self.released.wait()
        yield TextDelta("Yes.")
        yield Usage(10, 1)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one question took: milliseconds of processor time, and SQL statements."""

    asked_ms: float
    ended_ms: float
    statements: Counter[str]


class Statements(logging.Handler):
    """Counts what is sent to the database, by the thread that sends it and by phase."""

    def __init__(self) -> None:
        super().__init__()
        self.phase, self.counts = "", Counter[str]()

    def emit(self, record: logging.LogRecord) -> None:
        """Count one statement."""
        in_request = (record.threadName or "").startswith("request")
        name = f"{self.phase} {'request' if in_request else 'run'}"
        sql = str(getattr(record, "sql", ""))
        # Once a second for all runs of a process, however many there are.
        if "stop_requested_at" not in sql or "UPDATE" in sql:
            self.counts["caller" if 'FROM "accounts_apikey"' in sql else name] += 1


class Question:
    """The questions of one caller, asked of the application of the web process."""

    def __init__(self, key: str) -> None:
        from youworker.asgi import application

        self.application = application
        self.headers = [
            (b"host", b"127.0.0.1"),
            (b"authorization", f"Bearer {key}".encode()),
            (b"content-type", b"application/json"),
        ]
        self.statements = Statements()

    async def call(self, path: str, body: dict[str, Any]) -> Any:
        """Send a request; what it is answered."""
        data, parts = orjson.dumps(body), list[bytes]()
        headers = [*self.headers, (b"content-length", str(len(data)).encode())]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": headers,
            "client": ["127.0.0.1", 1],
            "scheme": "http",
            "server": ["127.0.0.1", 80],
        }
        messages = [{"type": "http.request", "body": data, "more_body": False}]

        async def receive() -> Any:
            return messages.pop() if messages else await asyncio.get_running_loop().create_future()

        async def send(message: Any) -> None:
            parts.append(message.get("body", b""))

        await self.application(scope, receive, send)
        return orjson.loads(b"".join(parts))

    async def ask(self, session: str) -> Cost:
        """Ask, let the model speak, and wait for the end."""
        from chat.llm import registry
        from chat.runs.manager import run_manager

        model, self.statements.counts = HeldModel(), Counter[str]()

        async def resolve_model(_name: str | None) -> HeldModel:
            return model

        with patch.object(registry, "resolve_model", resolve_model):
            self.statements.phase, began = "asking", time.process_time()
            await self.call(f"/v1/sessions/{session}/messages", {"text": "Is it so?"})
            await model.asked.wait()
            asked = time.process_time()
            self.statements.phase = "ending"
            model.released.set()
            await asyncio.gather(*run_manager().tasks)
            ended = time.process_time()
        return Cost((asked - began) * 1000, (ended - asked) * 1000, self.statements.counts)

    async def ask_often(self, count: int) -> list[Cost]:
        """Ask so many questions, some in each conversation."""
        costs = list[Cost]()
        for _ in range(count // QUESTIONS_EACH):
            session = (await self.call("/v1/sessions", {}))["id"]
            costs += [await self.ask(session) for _ in range(QUESTIONS_EACH)]
        return costs

    async def count(self) -> Counter[str]:
        """How many statements a question takes that has a conversation before it."""
        from django.db.backends.base.base import BaseDatabaseWrapper

        logger = logging.getLogger(SQL_LOGGER)
        logger.addHandler(self.statements)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        with patch.object(BaseDatabaseWrapper, "queries_logged", new=True):
            costs = await self.ask_often(COUNTED)
        names = {name for cost in costs for name in cost.statements}
        return Counter({n: statistics.mode([c.statements[n] for c in costs]) for n in names})


async def measure(key: str) -> dict[str, float]:
    """The figures of one caller's questions."""
    from chat.runs.manager import serve_runs
    from youworker.core.per_loop import close_all

    questions = Question(key)
    await serve_runs()
    await questions.ask_often(WARMING)
    costs = await questions.ask_often(TIMED)
    counts = await questions.count()
    await close_all()
    return {
        "asked_ms": statistics.median(cost.asked_ms for cost in costs),
        "ended_ms": statistics.median(cost.ended_ms for cost in costs),
        "caller_statements": counts["caller"],
        "post_statements": counts["asking request"],
        "claim_statements": counts["asking run"],
        "end_statements": counts["ending run"],
    }


def report(key: str) -> None:
    """Print the figures as the last line."""
    print(orjson.dumps(asyncio.run(measure(key))).decode())  # noqa: T201
