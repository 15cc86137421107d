"""What all processes counted together, as Prometheus reads it."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

from youworker.core.metrics.shared import Family, Histogram

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client.core import Metric

    from youworker.core.metrics.shared import Series


def shown_sums(sums: Mapping[Series, float]) -> Iterator[Metric]:
    """Every family with its series, those that are known from the start included."""
    for name, family in Family.every.items():
        known = (family.known or ((),)) if family.known or not family.labels else ()
        found = {values for named, _, values in sums if named == name}
        series = sorted(found.union(known))
        if isinstance(family, Histogram):
            yield shown_histogram(family, series, sums)
        else:
            counter = CounterMetricFamily(name, family.about, labels=family.labels)
            for values in series:
                counter.add_metric(values, sums.get((name, "", values), 0.0))
            yield counter


def shown_histogram(
    family: Histogram, series: list[tuple[str, ...]], sums: Mapping[Series, float]
) -> Metric:
    """Durations, added up from the shortest to the longest."""
    shown = HistogramMetricFamily(family.name, family.about, labels=family.labels)
    limits = [*map(str, family.limits), "+Inf"]
    for values in series:
        single = [sums.get((family.name, str(number), values), 0) for number in range(len(limits))]
        buckets = list(zip(limits, accumulate(single), strict=True))
        shown.add_metric(values, buckets, sums.get((family.name, "sum", values), 0.0))
    return shown
