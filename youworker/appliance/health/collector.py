"""Whether the collector of spans takes what it is sent; nobody else depends on it."""

from __future__ import annotations

from typing import Any

from youworker.core.config import config
from youworker.core.tracing import NOT_INSTALLED, is_installed
from youworker.upstream.address import shown_url


def check_collector() -> dict[str, Any]:
    """The OpenTelemetry collector of the settings takes an empty request."""
    if not config.tracing.endpoint:
        return {"endpoint": None}
    if not is_installed():
        raise LookupError(NOT_INSTALLED)
    # The library is an extra, and takes half a second to load.
    from youworker.core.tracing.exporting import is_reachable  # noqa: PLC0415

    said: dict[str, Any] = {"endpoint": shown_url(config.tracing.endpoint)}
    if not is_reachable():
        said |= {"warning": True, "detail": "the collector takes nothing, so spans are dropped"}
    return said
