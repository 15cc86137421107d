"""How long requests took at the beginning and at the end of the load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from youworker.tests.bench.soak.ledger import Ledger
    from youworker.tests.bench.soak.samples import Sample


def latencies(ledger: Ledger, samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Number, median and 95th percentile in milliseconds of each kind, first and last third."""
    begin, length = samples[0].at, samples[-1].at - samples[0].at
    rows = []
    for kind, timed in sorted(ledger.latencies.items()):
        first = percentiles([took for at, took in timed if at < begin + length / 3])
        last = percentiles([took for at, took in timed if at > begin + length * 2 / 3])
        rows.append({"kind": kind, "count": len(timed), "first_third": first, "last_third": last})
    return rows


def percentiles(seconds: Sequence[float]) -> dict[str, float] | None:
    """Median and 95th percentile in milliseconds; none when nothing was timed."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    middle, late = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    return {"p50": round(middle * 1000, 1), "p95": round(late * 1000, 1)}


def as_line(row: dict[str, Any]) -> str:
    """One kind as a line of a table."""
    parts = [f"{row['kind']:<24} {row['count']:>6} times"]
    for third in ("first_third", "last_third"):
        found = row[third] or {"p50": float("nan"), "p95": float("nan")}
        name = third.replace("_", " ")
        parts.append(f"{name}: p50 {found['p50']:>9,.1f}  p95 {found['p95']:>9,.1f} ms")
    return "   ".join(parts)
