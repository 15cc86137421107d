"""Everything that one scrape is told; whatever is away is left out, and said to be away."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg_pool
from django.db import DatabaseError, close_old_connections
from prometheus_client import generate_latest

from youworker.appliance.metrics import SOURCES, state
from youworker.core.db import VITAL_THREADS, threads_of
from youworker.core.effects import BROKER_ERRORS
from youworker.core.metrics import process, shared
from youworker.core.metrics.sums import shown_sums

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from prometheus_client.core import Metric

# Prometheus gives up after ten seconds as a rule, and then has nothing at all.
DATABASE_SECONDS = 3.0
AWAY = (DatabaseError, psycopg_pool.PoolTimeout, TimeoutError)


class StateReader:
    """Reads the database for all scrapes of this process: one at a time, whoever asks.

    In a vital thread, so that it comes through while everybody else waits, and so that a database
    that hangs keeps one thread, not one for each scrape.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reading: Future[list[Metric]] | None = None

    def read(self, seconds: float) -> list[Metric]:
        """What the database knows; raises one of `AWAY`."""
        with self.lock:
            if self.reading is None or self.reading.done():
                self.reading = threads_of("vital", VITAL_THREADS).submit(read_state)
            reading = self.reading
        return reading.result(timeout=seconds)


def read_state() -> list[Metric]:
    """Read the database, and give the connection back."""
    try:
        return state.read_state()
    finally:
        close_old_connections()


state_reader = StateReader()


class Scrape:
    """What Prometheus' library asks for the figures."""

    def collect(self) -> Iterator[Metric]:
        """All figures, read now."""
        yield from process.registry.collect()
        yield from state.read_pool()
        yield from state.read_machine()
        for source in SOURCES:
            # A folder that cannot be read must not hide the rest.
            with suppress(OSError):
                yield from source()
        database, redis = read_database(), read_redis()
        yield state.up("database", is_up=database is not None)
        yield state.up("redis", is_up=redis is not None)
        yield from database or ()
        yield from redis or ()


def read_database() -> list[Metric] | None:
    """What the database knows; None when it does not answer in time."""
    try:
        return state_reader.read(DATABASE_SECONDS)
    except AWAY:
        return None


def read_redis() -> list[Metric] | None:
    """The sums of what all processes count, and what waits for workers; None without Redis.

    Sums that were missing some of their parts would look like counters that began anew.
    """
    try:
        if not shared.flush():
            return None
        return [*shown_sums(shared.read_sums()), *state.read_broker()]
    except BROKER_ERRORS:
        return None


def write_figures() -> bytes:
    """The figures in Prometheus' text format."""
    return generate_latest(Scrape())
