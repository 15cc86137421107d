"""How parts are looked at: each look has its time, and none of them can hold up the others."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, cast

import psycopg_pool
import redis
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections
from django.utils.functional import Promise
from kombu.exceptions import KombuError

from youworker.core.exceptions import DomainError
from youworker.core.words import lazily_worded, phrased

logger = logging.getLogger(__name__)

Outcome = dict[str, Any]
Check = Callable[[], Outcome]

# What load balancers ask about: they give up after some seconds, and a busy process needs one.
READY_SECONDS = 4.0
# Longer than the two seconds that a server is given, with some of them to ask.
DETAILED_SECONDS = 6.0
# What a check fails with when something it looks at is away or missing.
EXPECTED = (
    DatabaseError,
    redis.RedisError,
    KombuError,
    psycopg_pool.PoolTimeout,
    ImproperlyConfigured,
    DomainError,
    LookupError,
    OSError,
)


@dataclass(frozen=True, slots=True)
class Look:
    """A check that is being carried out, for everybody who asks meanwhile."""

    began: float = field(default_factory=time.monotonic)
    outcome: Future[Outcome] = field(default_factory=Future)

    def wait(self, seconds: float) -> Outcome:
        """What came out; a failure once the look has taken longer than this."""
        left = self.began + seconds - time.monotonic()
        try:
            return dict(self.outcome.result(max(0.0, left)))
        except TimeoutError:
            took = time.monotonic() - self.began
            detail = phrased("no answer within %(seconds)s s", seconds=f"{took:.0f}")
            return outcome_of(took, status="failed", detail=detail)


going_on: dict[tuple[str, Check], Look] = {}
lock = threading.Lock()


def begin_look(name: str, check: Check) -> Look:
    """Have a thread carry a check out; while one does so, it is that one's look.

    A server that hangs costs a process one thread, however often it is asked for.
    """
    key = (name, check)
    with lock:
        if key in going_on:
            return going_on[key]
        look = going_on[key] = Look()
    # A daemon: a command ends whatever hangs.
    thread = threading.Thread(
        target=carry_out, args=(key, look), name=f"health-{name}", daemon=True
    )
    thread.start()
    return look


def carry_out(key: tuple[str, Check], look: Look) -> None:
    """Look, keep what came out, and leave no connection behind."""
    outcome = look_at(*key)
    try:
        # Before the outcome is known: who has it may take the database away.
        connections.close_all()
    finally:
        with lock:
            del going_on[key]
        look.outcome.set_result(outcome)


def look_at(name: str, check: Check) -> Outcome:
    """The outcome of a check, which is carried out here and now."""
    start = time.perf_counter()
    try:
        found = {"status": "ok", **check()}
    except EXPECTED as error:
        found = {"status": "failed", "detail": sentence(error)}
    except Exception as error:
        # A part that nobody thought of may fail in its own way; the others are to be told of, too.
        logger.exception("The check of %s broke down", name)
        detail = phrased("%(kind)s: see the log", kind=type(error).__name__)
        found = {"status": "failed", "detail": detail}
    return outcome_of(time.perf_counter() - start, **found)


def outcome_of(seconds: float, **found: Any) -> Outcome:
    """What a check found, with what every outcome has."""
    return {"warning": False, **found, "latency_ms": round(seconds * 1000, 2)}


def sentence(error: Exception) -> str:
    """The first line of an error, which is meant for operators."""
    if isinstance(error, DomainError):
        return lazily_worded(error)
    first: Any = error.args[0] if error.args else None
    if isinstance(first, Promise):
        return cast("str", first)
    return str(error).strip().split("\n", 1)[0] or type(error).__name__
