"""Whether the collector of spans takes what it is sent; nobody else depends on it."""

from __future__ import annotations

from typing import Any

from youworker.core.config import config
from youworker.core.tracing import is_installed
from youworker.core.words import phrased
from youworker.upstream.address import shown_url


def check_collector() -> dict[str, Any]:
    """The OpenTelemetry collector of the settings takes an empty request."""
    if not config.tracing.endpoint:
        return {"endpoint": None}
    if not is_installed():
        # Worded here once more: what is logged before there are settings cannot be marked.
        raise LookupError(
            phrased(
                "OpenTelemetry is not installed: make run, or pip install -r requirements-otel.txt"
            )
        )
    # The library is an extra, and takes half a second to load.
    from youworker.core.tracing.exporting import is_reachable  # noqa: PLC0415

    said: dict[str, Any] = {"endpoint": shown_url(config.tracing.endpoint)}
    if not is_reachable():
        detail = phrased("the collector takes nothing, so spans are dropped")
        said |= {"warning": True, "detail": detail}
    return said
