"""What each web process measures of itself; a new process begins at zero."""

from __future__ import annotations

import asyncio
import platform
import tomllib
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.process_collector import ProcessCollector

from youworker.core.config import BASE_DIR

if TYPE_CHECKING:
    from collections.abc import Callable

# When a series began doubles what is sent, and Prometheus knows it by itself.
disable_created_metrics()  # type: ignore[no-untyped-call]
# Not the library's own, to which other packages add what they like.
registry = CollectorRegistry()
ProcessCollector(registry=registry)

REQUESTS = Counter(
    "youworker_http_requests",
    "Answered requests, by method, pattern of the address and class of the status.",
    ("method", "route", "status"),
    registry=registry,
)
REQUEST_SECONDS = Histogram(
    "youworker_http_request_duration_seconds",
    "From the start of a view to the start of its answer.",
    ("route",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
    registry=registry,
)
LOOP_LAG_SECONDS = Histogram(
    "youworker_event_loop_lag_seconds",
    "How much later than wanted the event loop wakes somebody who sleeps.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0),
    registry=registry,
)
CONNECTIONS = Gauge(
    "youworker_open_connections",
    "Connections with a request, a stream that is being sent, or a WebSocket.",
    ("kind",),
    registry=registry,
)
BUILD = Gauge(
    "youworker_build_info", "Always 1; its labels name the version.", ("version", "python"),
    registry=registry,
)  # fmt: skip

LAG_PAUSE = 0.5


def describe_build() -> None:
    """Say which version runs."""
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]
    BUILD.labels(project["version"], platform.python_version()).set(1)


def report_connections(kinds: dict[str, Callable[[], float]]) -> None:
    """Have the open connections counted when somebody asks."""
    for kind, count in kinds.items():
        CONNECTIONS.labels(kind).set_function(count)


async def measure_lag() -> None:
    """Measure for ever how late the running event loop is."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LAG_PAUSE
        await asyncio.sleep(LAG_PAUSE)
        LOOP_LAG_SECONDS.observe(max(loop.time() - due, 0.0))
