"""The one examination that `/health/detailed`, the console and `manage.py doctor` share."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, connection

from youworker.appliance.health.checks import DETAILED, READY
from youworker.appliance.health.looking import (
    DETAILED_SECONDS,
    READY_SECONDS,
    Look,
    Outcome,
    begin_look,
    look_at,
    outcome_of,
)
from youworker.appliance.health.remedies import remedy_for
from youworker.core.slots import holding_nothing
from youworker.core.words import phrased

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from youworker.appliance.health.looking import Check

# What a part is looked at through: without it there is nothing to be said about the part.
NEEDS = {
    "migrations": ("database",),
    "queue": ("database", "migrations"),
    "model_servers": ("database", "migrations"),
    "embedding": ("database", "migrations"),
    "tool_servers": ("database", "migrations"),
    "webhooks": ("database", "migrations"),
    "encryption": ("database", "migrations"),
    "worker": ("redis",),
    "beat": ("redis",),
    "clocks": ("database", "redis"),
}
FIRST = ("database", "redis")
# The most that a statement of these checks may take: they count rows.
STATEMENT_MS = 4000
# Pages that show the parts do so without looking each time.
KEPT_SECONDS = 10.0
MEGABYTE = 1024 * 1024
INDENT = " " * 8


def examine_readiness() -> dict[str, Outcome]:
    """Look at what every request needs; a few seconds in all, whatever hangs."""
    found: dict[str, Outcome] = {}
    for names in (FIRST, [name for name in READY if name not in FIRST]):
        found |= look_beside(names, found).outcomes(READY_SECONDS)
    return found


def are_tables_readable() -> bool:
    """Whether the database answers and has the tables of this version."""
    found = examine_readiness()
    return all(found[name]["status"] == "ok" for name in ("database", "migrations"))


def examine_parts() -> dict[str, Outcome]:
    """Look at every part now; what is wrong and what helps, in the language of the caller."""
    return {name: in_words(name, part) for name, part in look_at_parts().items()}


def look_at_parts() -> dict[str, Outcome]:
    """Look at every part now, in no language yet.

    What reads tables does so in the caller's thread, once the database has answered.
    """
    names = [*READY, *DETAILED]
    # Or the caller's own connection would be counted as one in use.
    with holding_nothing():
        found = look_beside(FIRST, {}).outcomes(READY_SECONDS)
    others = look_beside([n for n in names if n not in FIRST and not reads_tables(n)], found)
    with limit_statements(needed=found["database"]["status"] == "ok"):
        for name in filter(reads_tables, names):
            found[name] = obstacle(name, found) or look_at(name, check_called(name))
    found |= others.outcomes(DETAILED_SECONDS)
    return {name: found[name] for name in names}


@dataclass(frozen=True, slots=True)
class Looks:
    """Looks that are going on beside each other, and parts that cannot be looked at."""

    begun: dict[str, Look]
    hindered: dict[str, Outcome]

    def outcomes(self, seconds: float) -> dict[str, Outcome]:
        """What came out of each within so many seconds of its beginning."""
        return self.hindered | {name: look.wait(seconds) for name, look in self.begun.items()}


def look_beside(names: Iterable[str], found: Mapping[str, Outcome]) -> Looks:
    """Begin to look at these parts in threads, as far as what they need works."""
    obstacles = {name: obstacle(name, found) for name in names}
    return Looks(
        {name: begin_look(name, check_called(name)) for name, one in obstacles.items() if not one},
        {name: one for name, one in obstacles.items() if one},
    )


def check_called(name: str) -> Check:
    """The check of a part."""
    return READY[name] if name in READY else DETAILED[name]


def reads_tables(name: str) -> bool:
    """Whether a part is looked at in the database."""
    return "database" in NEEDS.get(name, ())


def obstacle(name: str, found: Mapping[str, Outcome]) -> Outcome | None:
    """The outcome of a part that cannot be looked at, because one that it needs does not work."""
    for needed in NEEDS.get(name, ()):
        if found[needed]["status"] != "ok":
            detail = phrased("not looked at, because of the part %(part)s", part=needed)
            return outcome_of(0, status="unknown", detail=detail, waits_for=needed)
    return None


def in_words(name: str, outcome: Outcome) -> Outcome:
    """An outcome with what is wrong and what helps, in the language of the caller."""
    is_well = outcome["status"] == "ok" and not outcome["warning"]
    remedy = "" if is_well else remedy_for(name, outcome.get("waits_for", ""))
    detail = {"detail": str(outcome["detail"])} if "detail" in outcome else {}
    return {**outcome, **detail, "remedy": remedy}


@contextmanager
def limit_statements(*, needed: bool) -> Iterator[None]:
    """Have the database give up statements of this thread that take too long."""
    if not needed:
        yield
        return
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [str(STATEMENT_MS)])
    try:
        yield
    finally:
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")


class Kept:
    """The last examination of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.until = 0.0
        self.parts: dict[str, Outcome] = {}

    def get(self) -> dict[str, Outcome]:
        """The parts as they were a moment ago; one caller looks, the others get what it saw."""
        with self.lock:
            if time.monotonic() >= self.until:
                self.parts = look_at_parts()
                self.until = time.monotonic() + KEPT_SECONDS
            return {name: in_words(name, part) for name, part in self.parts.items()}


kept = Kept()


def recent_parts() -> dict[str, Outcome]:
    """Every part as it was at most ten seconds ago: for pages that many people open."""
    return kept.get()


def part_lines(parts: Mapping[str, Outcome]) -> Iterator[str]:
    """A line for each part, and one below it that says what helps."""
    for name, part in parts.items():
        told = part.get("detail", "")
        yield f"{word_for(part):<7} {name}{': ' if told else ''}{told}"
        yield from map(file_line, part.get("files", []))
        if part.get("remedy"):
            yield f"{INDENT}{part['remedy']}"


def word_for(part: Outcome) -> str:
    """One word for how a part does."""
    return "warn" if part["status"] == "ok" and part["warning"] else str(part["status"])


def file_line(file: dict[str, Any]) -> str:
    """How a model file does, and what memory it takes."""
    said = file["reason"] or f"{file['context_tokens']} tokens"
    memory = f"{file['memory_bytes'] // MEGABYTE} MB"
    return f"{INDENT}{file['model']}  {file['status']}, {memory}: {said}"
