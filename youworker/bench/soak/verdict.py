"""What the samples and the ledger come to: figures, and the reasons why the load failed."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from youworker.bench import Figure, Report, at_most
from youworker.bench.soak.latency import as_line, latencies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from youworker.bench.soak.ledger import Ledger
    from youworker.bench.soak.samples import Sample

# The web process may hold so much more in the last third than in the middle one, in per cent.
# Medians, because an upload or an export of a moment is not growth. Quiet runs differ by one to
# three per cent, which is how the allocator returns pages; a kilobyte lost with each request of an
# hour is 15 per cent.
MOST_GROWTH = 8.0
# Pools of connections grow up to the number of requests that were ever at once, which in the
# warm-up may have been some fewer. A descriptor lost with each stream would be hundreds.
MOST_DESCRIPTORS = 16
# Executors start threads when they are needed and keep them.
MOST_THREADS = 8
# The request that asks for the figure has a connection itself.
OWN_CONNECTION = 1
MISSING = -1


@dataclass(frozen=True, slots=True)
class Measured:
    """All that was seen: at rest after the warm-up, under load, and at rest afterwards."""

    before: Sample
    samples: Sequence[Sample]
    after: Sample
    keys_without_end: Sequence[str]


def judge(measured: Measured, ledger: Ledger) -> Report:
    """Compare what was measured with the bounds."""
    figures = [
        Figure("rounds of all acts", ledger.acts.total(), "rounds"),
        at_most("faults the users noticed", ledger.faults.total(), "faults", 0),
        *growth(measured.samples),
        *rest(measured),
    ]
    missed = [
        f"{figure.name}: {figure.value:,.2f} {figure.unit}, allowed is {figure.budget}"
        for figure in figures
        if figure.ok is False
    ]
    reasons = [*missed, *ledger.reasons(), *map("key without expiry: {}".format, keys(measured))]
    kinds = latencies(ledger, measured.samples)
    samples = [each.as_json() for each in measured.samples]
    details = {"latencies": kinds, "samples": samples, **ledger.as_json()}
    return Report(figures, reasons, details, list(map(as_line, kinds)))


def keys(measured: Measured) -> Sequence[str]:
    """Some of the keys that stay for ever."""
    return measured.keys_without_end[:5]


def growth(samples: Sequence[Sample]) -> list[Figure]:
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


def rest(measured: Measured) -> list[Figure]:
    """What is held when everybody has left."""
    before, after = measured.before, measured.after
    stuck = sum(n for state, n in after.connections.items() if "transaction" in state)
    in_use = after.pool.get("in_use", MISSING) - OWN_CONNECTION
    more_descriptors = after.descriptors - before.descriptors
    more_threads = after.threads - before.threads
    forever = len(measured.keys_without_end)
    return [
        Figure("at rest: connections in use", in_use, "conns", "= 0", in_use == 0),
        at_most("at rest: requests waiting", after.pool.get("waiting", 1), "requests", 0),
        at_most("at rest: transactions left open", stuck, "conns", 0),
        at_most("at rest: TCP connections of clients", after.clients, "conns", 0),
        Figure("at rest: descriptors", after.descriptors, "files"),
        at_most("at rest: more descriptors", more_descriptors, "files", MOST_DESCRIPTORS),
        Figure("at rest: threads", after.threads, "threads"),
        at_most("at rest: more threads", more_threads, "threads", MOST_THREADS),
        at_most("at rest: Redis keys without expiry", forever, "keys", 0),
    ]


def medians(samples: Sequence[Sample], values: Sequence[float]) -> list[float]:
    """The median of each third, by time; `values` belong to the samples."""
    begin, length = samples[0].at, samples[-1].at - samples[0].at
    thirds: list[list[float]] = [[], [], []]
    for sample, value in zip(samples, values, strict=True):
        thirds[min(2, int((sample.at - begin) / length * 3))].append(value)
    return [statistics.median(third) for third in thirds]
