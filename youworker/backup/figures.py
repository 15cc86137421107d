"""How old the newest scheduled backup is, for Prometheus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from youworker.appliance.metrics.sources import SOURCES
from youworker.backup.places import BackupPlace, last_made
from youworker.core.config import config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

HOUR = 3600


def read_backups() -> Iterator[Metric]:
    """When the newest backup was made and how often one is wanted, where any are."""
    # Needed by scrapes only, and workers load this module as well.
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

    if not config.backup.directory:
        return
    made = last_made(BackupPlace(Path(config.backup.directory)))
    yield GaugeMetricFamily(
        "youworker_last_backup_timestamp_seconds",
        "When the newest scheduled backup was made; 0 = there is none.",
        value=made.timestamp() if made else 0.0,
    )
    yield GaugeMetricFamily(
        "youworker_backup_interval_seconds",
        "How often one is wanted: BACKUP_HOURS.",
        value=config.backup.hours * HOUR,
    )


def register() -> None:
    """Add the figures to those of every scrape."""
    if read_backups not in SOURCES:
        SOURCES.append(read_backups)
