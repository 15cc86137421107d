"""Whether scheduled backups are made, for the page of health."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from youworker.appliance.health.checks import DETAILED
from youworker.backup.places import configured_place, last_made, read_last_verified
from youworker.core.config import config

# One that is being made takes its time.
LATE = 1.5


def check_backup() -> dict[str, Any]:
    """The newest scheduled backup is as new as it should be."""
    if not config.backup.directory:
        return {"directory": None}
    place = configured_place()
    made, verified = last_made(place), read_last_verified(place)
    if made is None:
        raise LookupError(f"There is no backup in {place.root} yet.")
    oldest = datetime.now(UTC) - timedelta(hours=config.backup.hours) * LATE
    if made < oldest:
        raise LookupError(f"The last backup is of {made:%Y-%m-%d %H:%M} UTC: look at the worker.")
    said = {"made_at": made.isoformat(), "verified_at": verified and verified.isoformat()}
    return {"directory": str(place.root), **said, "warning": verified is None}


def register() -> None:
    """Add the check to those of the page of health."""
    DETAILED["backup"] = check_backup
