"""Showing that a worker is alive while it does something long."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.managers import ErrandQuerySet
    from accounts.models import Errand

logger = logging.getLogger(__name__)

LEASE_SECONDS = 60


@contextmanager
def kept_alive(rows: ErrandQuerySet[Any], errand: Errand) -> Iterator[None]:
    """Renew the lease of a claimed errand from a thread until the block ends."""
    over = Event()

    def renew() -> None:
        try:
            while not over.wait(LEASE_SECONDS / 4):
                try:
                    rows.holding(errand.lease_token).renew(seconds=LEASE_SECONDS)
                except DatabaseError:
                    logger.exception("The lease of %s could not be renewed", errand.pk)
                    connection.close()
        finally:
            connection.close()

    keeper = Thread(target=renew, name="lease keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
