"""Sending spans from the beginning of a process to its end, where the settings name a collector."""

from __future__ import annotations

import atexit
import logging
from importlib.util import find_spec
from typing import Any

from celery.signals import before_task_publish, worker_process_shutdown

from youworker.core import tracing
from youworker.core.config import config

logger = logging.getLogger(__name__)

EXTRA = "opentelemetry.exporter.otlp.proto.http"
NOT_INSTALLED = "OpenTelemetry is not installed: make run, or pip install -r requirements-otel.txt"


def begin_tracing(role: str) -> None:
    """Send spans of this process from now on, where the settings name a collector."""
    if not config.tracing.endpoint:
        return
    if not is_installed():
        logger.warning(NOT_INSTALLED)
        return
    # The library is an extra, and takes half a second to load.
    from youworker.core.tracing.exporting import begin_exporting  # noqa: PLC0415

    tracing.tracer = begin_exporting(role)
    atexit.register(end_tracing)
    # A worker's children end without what Python does at an end.
    worker_process_shutdown.connect(end_tracing, weak=False)
    before_task_publish.connect(tracing.attach_to_message, weak=False)


def end_tracing(**_: Any) -> None:
    """Send what waits, at the end of a process."""
    if tracing.tracer is not None:
        tracing.tracer.stop()


def is_installed() -> bool:
    """Whether the extra is there."""
    try:
        return find_spec(EXTRA) is not None
    except ModuleNotFoundError:
        return False
