"""The figures of the installation, as Prometheus asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client.core import Metric

# Rooms above this one add figures of their own, which are read at each scrape.
SOURCES: list[Callable[[], Iterable[Metric]]] = []
