"""What the samples and the ledger come to: figures, and the reasons why the load failed."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from youworker.tests.bench import Figure, Report, at_most
from youworker.tests.bench.soak.latency import as_line, latencies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from youworker.tests.bench.soak.ledger import Ledger
    from youworker.tests.bench.soak.samples import Sample

# The web process may hold so much more in the last third than in the middle one, in per cent.
# Medians, because an upload or an export of a moment is not growth. Runs without a leak differed by
# up to two per cent of some 250 MiB: so the allocator returns pages. A third of an hour is
# more than 10,000 requests, so three kilobytes lost with each of them are noticed.
MOST_GROWTH = 8.0
# Pools of connections grow up to the number of requests that were ever at once, which in the
# warm-up may have been some fewer. A descriptor lost with each stream would be hundreds.
MOST_DESCRIPTORS = 16
# Executors start threads when they are needed and keep them.
MOST_THREADS = 8
# The request that asks for the figure has a connection itself.
OWN_CONNECTION = 1
SHOWN_KEYS = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """All that was seen: idle after the warm-up, under load, and idle afterwards."""

    before: Sample
    samples: Sequence[Sample]
    after: Sample
    keys_without_end: Sequence[str]


def judge(measured: Measured, ledger: Ledger) -> Report:
    """Compare what was measured with the bounds."""
    figures = [
        Figure("rounds of all acts", ledger.acts.total(), "rounds"),
        at_most("faults the users noticed", ledger.faults.total(), "faults", 0),
        *growth_figures(measured.samples),
        *idle_figures(measured),
    ]
    missed = [
        f"{figure.name}: {figure.value:,.2f} {figure.unit}, allowed is {figure.budget}"
        for figure in figures
        if figure.ok is False
    ]
    keys = [f"key without expiry: {name}" for name in measured.keys_without_end[:SHOWN_KEYS]]
    reasons = [*missed, *ledger.reasons(), *keys]
    kinds = latencies(ledger, measured.samples)
    samples = [each.as_json() for each in measured.samples]
    details = {"latencies": kinds, "samples": samples, **ledger.as_json()}
    return Report(figures, reasons, details, list(map(as_line, kinds)))


def growth_figures(samples: Sequence[Sample]) -> list[Figure]:
    """How the last third of the load differs from the middle one."""
    figures = []
    for name in samples[0].memory:
        _, middle, last = medians(samples, [each.memory[name] for each in samples])
        share = (last / middle - 1) * 100
        figures.append(Figure(f"{name}: memory, middle third", middle, "MiB"))
        figures.append(Figure(f"{name}: memory, last third", last, "MiB"))
        if name == "web":
            figures.append(at_most("web: growth of memory", share, "%", MOST_GROWTH))
    keys_held = medians(samples, [each.redis_keys for each in samples])
    held = medians(samples, [each.redis_memory for each in samples])
    busiest = max((each.pool.get("in_use", 0) for each in samples), default=0)
    waiting = max((each.pool.get("waiting", 0) for each in samples), default=0)
    unanswered = sum(not each.pool for each in samples)
    return [
        *figures,
        Figure("Redis: memory, middle third", held[1], "MiB"),
        Figure("Redis: memory, last third", held[2], "MiB"),
        Figure("Redis: keys, middle third", keys_held[1], "keys"),
        Figure("Redis: keys, last third", keys_held[2], "keys"),
        Figure("pool: most connections in use", busiest, "conns"),
        Figure("pool: most requests waiting", waiting, "requests"),
        at_most("samples the web process did not answer", unanswered, "samples", 0),
        at_most("web: restarts", len({each.web_pid for each in samples}) - 1, "restarts", 0),
    ]


def idle_figures(measured: Measured) -> list[Figure]:
    """What is held when everybody has left."""
    before, after = measured.before, measured.after
    stuck = sum(n for state, n in after.connections.items() if "transaction" in state)
    # Not a number, which no bound allows, when the web process does not even answer.
    in_use = after.pool.get("in_use", math.nan) - OWN_CONNECTION
    waiting = after.pool.get("waiting", math.nan)
    more_descriptors = after.descriptors - before.descriptors
    more_threads = after.threads - before.threads
    forever = len(measured.keys_without_end)
    return [
        Figure("idle: connections in use", in_use, "conns", "= 0", in_use == 0),
        at_most("idle: requests waiting", waiting, "requests", 0),
        at_most("idle: transactions left open", stuck, "conns", 0),
        at_most("idle: TCP connections of clients", after.clients, "conns", 0),
        Figure("idle: descriptors", after.descriptors, "files"),
        at_most("idle: more descriptors", more_descriptors, "files", MOST_DESCRIPTORS),
        Figure("idle: threads", after.threads, "threads"),
        at_most("idle: more threads", more_threads, "threads", MOST_THREADS),
        at_most("idle: Redis keys without expiry", forever, "keys", 0),
    ]


def medians(samples: Sequence[Sample], values: Sequence[float]) -> list[float]:
    """The median of each third, by time; not a number where nothing was measured."""
    begin, length = samples[0].at, samples[-1].at - samples[0].at or 1.0
    thirds: list[list[float]] = [[], [], []]
    for sample, value in zip(samples, values, strict=True):
        thirds[min(2, int((sample.at - begin) / length * 3))].append(value)
    return [statistics.median(third) if third else math.nan for third in thirds]
