"""Whether scheduled backups are made, for the page of health."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from youworker.appliance.health.checks import DETAILED
from youworker.appliance.health.heartbeat import read_heartbeat
from youworker.backup.addresses import check_programs
from youworker.backup.exceptions import DatabaseAway
from youworker.backup.first import read_first
from youworker.backup.listed import are_left_out
from youworker.backup.places import BackupPlace, configured_place, last_made, read_last_verified
from youworker.core.config import config
from youworker.core.effects import attempt
from youworker.core.words import phrased

# One that is being made takes its time.
LATE = 1.5
# Twice what beat waits for before it has somebody look whether a backup is due.
FIRST_LOOK_SECONDS = 1200.0
# The first backup copies all originals.
LONGEST_FIRST = timedelta(hours=12)
# How often somebody looks whether the programs of a backup can use the database.
BELIEVED_SECONDS = 900.0
# Until when what was seen with these settings counts, on this process's clock.
believed: dict[tuple[str, str], float] = {}


def check_backup() -> dict[str, Any]:
    """The newest scheduled backup is as new as it should be."""
    if not config.backup.directory:
        return {"directory": None}
    look_at_programs()
    place = configured_place()
    made, verified = last_made(place), read_last_verified(place)
    if made is None:
        return {"directory": str(place.root), **wait_for_first(place)}
    oldest = datetime.now(UTC) - timedelta(hours=config.backup.hours) * LATE
    if made < oldest:
        at = f"{made:%Y-%m-%d %H:%M} UTC"
        raise LookupError(phrased("The last backup is of %(at)s: look at the worker.", at=at))
    said: dict[str, Any] = {
        "made_at": made.isoformat(),
        "verified_at": verified and verified.isoformat(),
    }
    if verified is None:
        said["detail"] = phrased("no backup was verified yet")
    elif are_left_out():
        said["detail"] = phrased("originals are only listed: their bucket needs copies of its own")
    return {"directory": str(place.root), **said, "warning": verified is None}


def look_at_programs() -> None:
    """Raise `BackupRefused` where no backup could be made; once seen, it is believed for a while.

    That the database is away is told by its own part.
    """
    settings = (config.backup.database_url, config.backup.programs)
    if time.monotonic() < believed.get(settings, 0.0):
        return
    try:
        check_programs()
    except DatabaseAway:
        if config.backup.database_url:
            raise
        return
    believed[settings] = time.monotonic() + BELIEVED_SECONDS


def wait_for_first(place: BackupPlace) -> dict[str, Any]:
    """How a place without a backup does: its first one may still come.

    Raises `LookupError` once it should have.
    """
    first = attempt("reading of a first backup", read_first, place)
    if first is None:
        # Beat has the worker look every ten minutes, for the first time after ten.
        beat = attempt("asking for beat", read_heartbeat)
        if beat is not None and beat.running > FIRST_LOOK_SECONDS:
            raise LookupError(
                phrased(
                    "There is no backup in %(place)s, and no worker makes one.", place=place.root
                )
            )
        return {"made_at": None, "detail": phrased("waiting for its first backup")}
    if first.error:
        place_and_reason = {"place": place.root, "reason": first.error}
        raise LookupError(
            phrased("There is no backup in %(place)s yet: %(reason)s", **place_and_reason)
        )
    if datetime.now(UTC) - first.begun_at > LONGEST_FIRST:
        raise LookupError(phrased("There is no backup in %(place)s yet.", place=place.root))
    return {"made_at": None, "detail": phrased("its first backup is being made")}


def register() -> None:
    """Add the check to those of the page of health."""
    DETAILED["backup"] = check_backup
