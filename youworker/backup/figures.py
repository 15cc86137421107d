"""How old the newest scheduled backup is, for Prometheus."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from documents.exceptions import StorageUnavailable
from youworker.appliance.metrics import SOURCES
from youworker.backup.exceptions import BackupRefused
from youworker.backup.places import configured_place, last_made
from youworker.core.config import config
from youworker.core.db import threads_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from datetime import datetime

    from prometheus_client.core import Metric

HOUR = 3600
KEPT_SECONDS, WAIT_SECONDS = 60.0, 2.0


class NewestBackup:
    """When the newest backup was made, as it was a minute ago.

    One thread looks: the place may be a bucket, or a folder of another machine that hangs.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.looking: Future[datetime | None] | None = None
        self.directory, self.until = "", 0.0

    def read(self) -> datetime | None:
        """The time; None without a backup. Raises what a place that is away raises."""
        directory, now = config.backup.directory, time.monotonic()
        with self.lock:
            is_known = self.looking is not None and directory == self.directory
            if not is_known or (now > self.until and self.looking and self.looking.done()):
                self.looking = threads_of("backups", 1).submit(look_for_newest)
                self.directory, self.until = directory, now + KEPT_SECONDS
            looking = self.looking
        return looking.result(timeout=WAIT_SECONDS) if looking else None


def look_for_newest() -> datetime | None:
    """Look where scheduled backups go."""
    return last_made(configured_place())


newest_backup = NewestBackup()


def read_backups() -> Iterator[Metric]:
    """When the newest backup was made and how often one is wanted, where any are."""
    # Needed by scrapes only, and workers load this module as well.
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

    if not config.backup.directory:
        return
    made = None
    with suppress(StorageUnavailable, BackupRefused, OSError):
        made = newest_backup.read()
    yield GaugeMetricFamily(
        "youworker_last_backup_timestamp_seconds",
        "When the newest scheduled backup was made; 0 = there is none, or its place is away.",
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
